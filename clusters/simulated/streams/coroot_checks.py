"""What a tool like Coroot measures, and from when on it calls it a problem: one line per check.

Ids are Coroot's (model/check.go, v1.24.5), and so are the objectives, 99 % of the requests without an error and 99 %
within 500 ms. The other thresholds are set here, near what it ships with; a level `critical` beyond them is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.streams.lognormals import share_above
from clusters.simulated.streams.recorded import RecordedBuckets, Values
from clusters.topology import LOAD_GENERATOR

Ints = NDArray[np.int64]

SLO_LATENCY_MS: Final = 500.0
"""Coroot's default objective: 99 % of the requests within it."""
_ROUND_TRIP_MS: Final = 0.5


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check of every service, or of every edge."""

    measure: Callable[[RecordedBuckets, Ints], Values]
    """[T, S] or [T, E] from the telemetry and the [T, S] containers killed for their memory; NaN: nothing known."""
    warning: float
    """A problem above this."""
    critical: float
    of_edges: bool
    explanation: str
    """With the measured value at `{value}`."""


def _error_ratio(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    return recorded.nodes["error_ratio"]


def _slow_ratio(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    """Share of requests beyond the objective."""
    mean, p95 = recorded.nodes["latency_mean_milliseconds"], recorded.nodes["latency_p95_milliseconds"]
    shares = [share_above(SLO_LATENCY_MS, *pair) for pair in zip(mean.ravel(), p95.ravel(), strict=True)]
    return np.array(shares).reshape(mean.shape)


def _cpu_ratio(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    nodes = recorded.nodes
    available = nodes["cpu_limit_millicores"] * nodes["replicas_ready"]
    return np.divide(nodes["cpu_usage_millicores"], available, out=np.zeros_like(available), where=available > 0)


def _memory_ratio(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    nodes = recorded.nodes
    available = nodes["memory_limit_bytes"] * nodes["replicas_ready"]
    return np.divide(nodes["memory_bytes"], available, out=np.zeros_like(available), where=available > 0)


def _oom_kills(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    return oom_kills.astype(np.float64)


def _restarts(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    return recorded.nodes["restarts"]


def _unready_ratio(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    desired = np.maximum(recorded.nodes["replicas_desired"], 1e-9)
    return np.where(desired > 0.5, 1.0 - recorded.nodes["replicas_ready"] / desired, 0.0)


def _round_trip_ms(recorded: RecordedBuckets, oom_kills: Ints) -> Values:
    """What a call takes beyond the callee's mean latency: an estimate that the mix of operations leads astray."""
    targets = [recorded.application.service_names.index(edge.target) for edge in recorded.application.edges]
    beyond = recorded.edges["latency_mean_milliseconds"] - recorded.nodes["latency_mean_milliseconds"][:, targets]
    is_user = np.array([edge.source == LOAD_GENERATOR for edge in recorded.application.edges])
    return np.where(is_user, 0.0, np.maximum(beyond, _ROUND_TRIP_MS))


def _check(
    measure: Callable[[RecordedBuckets, Ints], Values],
    warning: float,
    critical: float,
    explanation: str,
    *,
    of_edges: bool = False,
) -> Check:
    return Check(measure=measure, warning=warning, critical=critical, explanation=explanation, of_edges=of_edges)


CHECKS: Final[Mapping[str, Check]] = {
    "SLOAvailability": _check(_error_ratio, 0.01, 0.05, "errors have been observed on {value:.1%} of the requests"),
    "SLOLatency": _check(_slow_ratio, 0.01, 0.1, "{value:.1%} of the requests are slower than 500 ms"),
    "CPUContainer": _check(_cpu_ratio, 0.8, 0.95, "CPU usage is {value:.0%} of the limit"),
    "MemoryPressure": _check(_memory_ratio, 0.9, 0.98, "memory usage is {value:.0%} of the limit"),
    "MemoryOOM": _check(_oom_kills, 0.5, 0.5, "{value:.0f} container(s) restarted by the OOM killer"),
    "InstanceRestarts": _check(_restarts, 0.5, 1.5, "{value:.0f} container restart(s)"),
    "InstanceAvailability": _check(_unready_ratio, 0.25, 0.75, "{value:.0%} of the instances are unavailable"),
    "NetworkRTT": _check(_round_trip_ms, 10.0, 50.0, "the network round trip takes {value:.0f} ms", of_edges=True),
}
