"""Driving a stand's load generator: the whole rate trace goes over once, so that a control step needs no request."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.k3s.api import KubeApi, KubeError
from clusters.scenario import WorkloadTrace
from clusters.stand import StandError
from clusters.topology import LOAD_GENERATOR, Application

_PORT = 8089
"""Of Locust's web application, in every application's YAML."""


@dataclass(frozen=True, kw_only=True)
class LoadState:
    """What a load generator offers just now."""

    is_running: bool
    multiplier: float
    rate_limit_rps: float | None
    """As commanded, in the application's requests; `rate_ratio` of it are admitted."""
    rate_ratio: float
    """Share of the application's rates that is really sent."""
    shape: Mapping[str, float]
    """Share that is sent, per request type."""
    offered_rps: float
    """Requests per second that users really want to send now."""
    num_users: int
    """Of a closed loop; 0 in an open one."""
    counts: Mapping[str, Mapping[str, int]]
    """Requests since the load began, by journey and outcome: good, slow, failed, refused, held_back."""


@dataclass(frozen=True, kw_only=True)
class SentRequests:
    """Locust's own statistics of a request type since the load began; the name `Aggregated` has all."""

    name: str
    num_requests: int
    num_failures: int
    average_milliseconds: float
    p95_milliseconds: float
    requests_per_second: float
    """Now, over the last seconds."""


class LoadDriver:
    """The load generator of one stand. Every method is one request, and raises StandError where it fails."""

    def __init__(self, api: KubeApi, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        self._run = ""

    def begin(self, application: Application, trace: WorkloadTrace, *, rate_ratio: float, seed: int) -> LoadState:
        """Play `trace` from its start, with no multiplier, limit or shaping; an earlier load ends."""
        if len(trace.mix) != len(application.request_types):
            raise StandError(
                f"the workload has {len(trace.mix)} shares, but {application.name} has "
                f"{len(application.request_types)} request types; draw it for this application"
            )
        body = {
            "step_seconds": trace.step_seconds,
            "rates_rps": list(trace.rates_rps),
            "mix": list(trace.mix),
            "think_seconds": trace.think_seconds,
            "rate_ratio": rate_ratio,
            "seed": seed,
        }
        document = self._ask("POST", "/gym/begin", body)
        self._run = document["run"]
        return _state(document)

    def set_multiplier(self, multiplier: float) -> LoadState:
        """Multiply the trace's rates."""
        return self._change("multiplier", {"multiplier": multiplier})

    def set_rate_limit(self, limit_rps: float | None) -> LoadState:
        """Admit at most so many of the application's requests a second; None: all."""
        return self._change("limit", {"limit_rps": limit_rps})

    def shape(self, request_type: str, factor: float) -> LoadState:
        """Send only this share of a request type; empty: of all."""
        return self._change("shape", {"request_type": request_type, "factor": factor})

    def state(self) -> LoadState:
        """What is offered now."""
        return self._checked(self._ask("GET", "/gym/state"))

    def stats(self) -> tuple[SentRequests, ...]:
        """What Locust has measured since the load began."""
        document = self._ask("GET", "/stats/requests")
        percentile = "response_time_percentile_0.95"
        return tuple(
            SentRequests(
                name=row["name"],
                num_requests=row["num_requests"],
                num_failures=row["num_failures"],
                average_milliseconds=row["avg_response_time"],
                p95_milliseconds=row[percentile],
                requests_per_second=row["current_rps"],
            )
            for row in document["stats"]
        )

    def stop(self) -> None:
        """Offer nothing any more."""
        self._ask("POST", "/gym/stop", {})
        self._run = ""

    def _change(self, knob: str, body: Mapping[str, Any]) -> LoadState:
        return self._checked(self._ask("POST", f"/gym/{knob}", body))

    def _checked(self, document: Mapping[str, Any]) -> LoadState:
        if self._run and document["run"] != self._run:
            raise StandError(
                f"the load generator of {self._namespace} no longer plays what was begun: it was restarted, or reset; "
                "begin again"
            )
        return _state(document)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            return self._api.proxy(method, self._namespace, LOAD_GENERATOR, _PORT, path, body=body)
        except KubeError as error:
            raise StandError(_sentence(self._namespace, error)) from error


def _state(document: Mapping[str, Any]) -> LoadState:
    return LoadState(
        is_running=bool(document["run"]),
        multiplier=document["multiplier"],
        rate_limit_rps=document["rate_limit_rps"],
        rate_ratio=document["rate_ratio"],
        shape=document["shape"],
        offered_rps=document["offered_rps"],
        num_users=document["users"],
        counts=document["counts"],
    )


def _sentence(namespace: str, error: KubeError) -> str:
    if error.status == 400:
        return f"the load generator of {namespace} does not accept this: {error}"
    if error.status == 404:
        return f"{namespace} has no load generator, or one of another kind: {error}; deploy the synthetic one"
    if error.status in (0, 403):
        return str(error)
    return f"the load generator of {namespace} does not answer: {error}; wait until its pod is ready"
