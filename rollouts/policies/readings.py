"""What rules read off an observation, as an engineer reads a dashboard. Legend: T buckets, S services, E edges."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, signal_index
from clusters.topology import Application
from rollouts.policies.policy import Observation


@dataclass(frozen=True, kw_only=True)
class Readings:
    """Means over the latest buckets; NaN where nothing was measured."""

    cpu_usage_millicores: NDArray[np.float64]
    """[S] over all replicas."""
    cpu_limit_millicores: NDArray[np.float64]
    """[S] per replica."""
    replicas_ready: NDArray[np.float64]
    """[S] latest value."""
    replicas_desired: NDArray[np.float64]
    """[S] latest value."""
    memory_utilisation: NDArray[np.float64]
    """[S] share of the limit, mean over the ready replicas."""
    queue_depth: NDArray[np.float64]
    """[S] requests in the service."""
    own_error_ratio: NDArray[np.float64]
    """[S] share of requests that fail beyond what failed calls explain."""
    own_latency_milliseconds: NDArray[np.float64]
    """[S] mean latency without the time spent in calls."""

    @property
    def cpu_utilisation(self) -> NDArray[np.float64]:
        """[S] share of the ready replicas' limits."""
        return _divide(self.cpu_usage_millicores, self.cpu_limit_millicores * self.replicas_ready)


def objective_missed(observation: Observation, application: Application, num_buckets: int = 1) -> bool:
    """Whether any journey missed its latency or error objective in the latest buckets; a missing value is no miss."""
    latest = observation["journeys"][-num_buckets:]
    latency = latest[..., signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")]
    errors = latest[..., signal_index(JOURNEY_SIGNALS, "error_ratio")]
    journeys = application.journeys
    return bool(
        (latency > [journey.slo_latency_milliseconds for journey in journeys]).any()
        or (errors > [journey.slo_error_ratio for journey in journeys]).any()
    )


def read(observation: Observation, application: Application, num_buckets: int) -> Readings:
    """Readings over the latest `num_buckets` of an observation."""
    nodes, edges = observation["nodes"][-num_buckets:], observation["edges"][-num_buckets:]

    def node(name: str) -> NDArray[np.float64]:
        return _mean(nodes[..., signal_index(NODE_SIGNALS, name)])

    def edge(name: str) -> NDArray[np.float64]:
        return _mean(edges[..., signal_index(EDGE_SIGNALS, name)])

    def latest(name: str) -> NDArray[np.float64]:
        return _mean(nodes[-1:, :, signal_index(NODE_SIGNALS, name)])

    ready = latest("replicas_ready")
    calls = edge("request_rate_rps")
    rate = node("request_rate_rps")
    return Readings(
        cpu_usage_millicores=node("cpu_usage_millicores"),
        cpu_limit_millicores=latest("cpu_limit_millicores"),
        replicas_ready=ready,
        replicas_desired=latest("replicas_desired"),
        memory_utilisation=_divide(node("memory_bytes"), latest("memory_limit_bytes") * ready),
        queue_depth=node("queue_depth"),
        own_error_ratio=node("error_ratio") - _per_request(calls * edge("error_ratio"), rate, application),
        own_latency_milliseconds=node("latency_mean_milliseconds")
        - _per_request(calls * edge("latency_mean_milliseconds"), rate, application),
    )


def _per_request(per_second: NDArray[np.float64], rate: NDArray[np.float64], application: Application) -> NDArray[Any]:
    """[S] a quantity of the outgoing edges ([E], per second), summed by caller, per request that the caller serves."""
    callers = [application.service_names.index(edge.source) for edge in application.edges]
    summed = np.bincount(callers, weights=np.nan_to_num(per_second), minlength=len(rate)).astype(np.float64)
    return np.nan_to_num(_divide(summed, rate))


def _mean(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """[T, X] -> [X] the mean over time of what was measured (an observation says -1 where nothing was)."""
    measured = values >= 0
    total = np.where(measured, values, 0.0).sum(axis=0, dtype=np.float64)
    return _divide(total, measured.sum(axis=0, dtype=np.float64))


def _divide(numerator: NDArray[np.float64], denominator: NDArray[np.float64]) -> NDArray[np.float64]:
    """NaN where the denominator is zero or missing."""
    usable = denominator > 0
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=usable)
