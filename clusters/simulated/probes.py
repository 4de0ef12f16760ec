"""How each telemetry signal is read from the sums of a bucket: one dict per level, signal name -> probe.

A probe takes the sums of a level by name (arrays of any shape; beside them the percentile `latency_p95`, which is no
sum) and the seconds that they span. What is undefined,
such as the latency of no requests, is NaN.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Sums = Mapping[str, Floats]
Probe = Callable[[Sums, Floats], Floats]

_NO_REQUESTS = 1e-6


def _per(numerator: str, denominator: str = "requests") -> Probe:
    return lambda sums, seconds: _ratio(sums[numerator], sums[denominator])


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    return np.where(denominator > _NO_REQUESTS, numerator / np.maximum(denominator, _NO_REQUESTS), np.nan)


def _rate(name: str) -> Probe:
    return lambda sums, seconds: sums[name] / seconds


def _total(name: str) -> Probe:
    return lambda sums, seconds: sums[name]


NODE_PROBES: dict[str, Probe] = {
    "request_rate_rps": _rate("requests"),
    "error_ratio": _per("errors"),
    "latency_mean_milliseconds": _per("latency"),
    "latency_p95_milliseconds": _total("latency_p95"),
    "cpu_usage_millicores": _rate("cpu_millicores"),
    "cpu_limit_millicores": _rate("cpu_limit"),
    "memory_bytes": _rate("memory"),
    "memory_limit_bytes": _rate("memory_limit"),
    "restarts": _total("restarts"),
    "network_receive_bytes_per_second": _rate("receive_bytes"),
    "network_transmit_bytes_per_second": _rate("transmit_bytes"),
    "queue_depth": _rate("queue_depth"),
    "replicas_ready": _rate("replicas_ready"),
    "replicas_desired": _rate("replicas_desired"),
}

EDGE_PROBES: dict[str, Probe] = {
    "request_rate_rps": _rate("requests"),
    "error_ratio": _per("errors"),
    "latency_mean_milliseconds": _per("latency"),
    "latency_p95_milliseconds": _total("latency_p95"),
    "retry_rate_rps": _rate("retries"),
}

JOURNEY_PROBES: dict[str, Probe] = {
    "offered_rate_rps": _rate("offered"),
    "error_ratio": _per("errors", "offered"),
    "latency_p95_milliseconds": _total("latency_p95"),
    "good_ratio": _per("good", "offered"),
}

STAND_PROBES: dict[str, Probe] = {
    "offered_rate_rps": _rate("offered"),
    "rate_limit_rps": _per("rate_limit", "rate_limited_ticks"),
    "resource_cost_millicores": _rate("cost_millicores"),
}
