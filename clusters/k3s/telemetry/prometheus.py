"""A Prometheus' HTTP API: instant and range queries, and one sentence for whatever is wrong with it."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from clusters.stand import StandError

_TIMEOUT_SECONDS = 20.0
_ATTEMPTS = 3


class PrometheusError(StandError):
    """Prometheus could not be asked, or refused the question."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One series of an answer."""

    labels: Mapping[str, str]
    samples: Sequence[tuple[float, float]]
    """(seconds since the epoch, value)."""


class Prometheus:
    """Safe to share between threads.

    Args:
        url: its address.
        cluster: whose stands it knows, for messages.
    """

    def __init__(self, url: str, *, cluster: str) -> None:
        self._url, self._cluster = url.rstrip("/"), cluster
        # The environment's proxy is for the world outside, not for a plane of ours.
        self._client = httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._lock = threading.Lock()
        self._num_queries = 0

    @property
    def num_queries(self) -> int:
        """Queries sent so far, without repetitions after a failure."""
        return self._num_queries

    def instant(self, expression: str, time_seconds: float | None = None) -> list[Series]:
        """The value of an expression at a time, by default now.

        Raises:
            PrometheusError: one sentence about what is wrong.
        """
        when = {} if time_seconds is None else {"time": repr(time_seconds)}
        return [_series(item, [item["value"]]) for item in self._query("query", {"query": expression} | when)]

    def range(self, expression: str, start: float, end: float, step: float) -> list[Series]:
        """The values of an expression at `start`, `start + step`, ... up to `end`, seconds since the epoch.

        Raises:
            PrometheusError: one sentence about what is wrong.
        """
        when = {"start": f"{start:.3f}", "end": f"{end:.3f}", "step": f"{step:g}"}
        return [_series(item, item["values"]) for item in self._query("query_range", {"query": expression} | when)]

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _query(self, path: str, parameters: Mapping[str, str]) -> list[dict[str, Any]]:
        with self._lock:
            self._num_queries += 1
        answer = self._answer(path, parameters)
        try:
            document = answer.json()
        except ValueError as error:
            raise self._error(f"answers {answer.status_code} and no JSON; check that its address is right") from error
        if not isinstance(document, dict) or document.get("status") != "success":
            reason = document.get("error", "") if isinstance(document, dict) else ""
            raise self._error(f"refused a query ({answer.status_code}: {reason}): {parameters['query']}")
        result: list[dict[str, Any]] = document["data"]["result"]
        return result

    def _answer(self, path: str, parameters: Mapping[str, str]) -> httpx.Response:
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(httpx.TransportError),
                stop=stop_after_attempt(_ATTEMPTS),
                wait=wait_exponential(multiplier=0.2, max=2.0),
                reraise=True,
            ):
                with attempt:
                    return self._client.post(f"{self._url}/api/v1/{path}", data=dict(parameters))
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise self._error(
                f"does not answer ({error}); check that it runs and that prometheus_url is as this machine reaches it"
            ) from error
        raise AssertionError("unreachable: an attempt returns or raises")

    def _error(self, what: str) -> PrometheusError:
        return PrometheusError(f"Prometheus of cluster {self._cluster} at {self._url} {what}")


def _series(item: Mapping[str, Any], samples: Sequence[Sequence[Any]]) -> Series:
    return Series(labels=item["metric"], samples=[(float(time), float(value)) for time, value in samples])
