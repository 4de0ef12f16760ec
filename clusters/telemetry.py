"""The signal catalogue, and the window of telemetry that a stand returns.

A signal is one line here: its name, its unit, and how it comes about. The simulator has a probe of the same name, live
stands a query (`clusters/k3s/telemetry/queries.py`) or a watch. Every signal is non-negative; a missing value is never
zero: it is NaN, or what else the window says.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class SignalKind(StrEnum):
    """How a number comes about, and so how scraping can get it wrong."""

    MEASURED = "measured"
    COUNTER = "counter"
    """The rate of a counter that lives in the replicas: one that restarts takes along what was not scraped yet."""
    STATE = "state"
    """What the cluster keeps (a limit, a number of replicas): it is late or missing, never noisy."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One quantity."""

    name: str
    unit: str
    kind: SignalKind = SignalKind.MEASURED


NODE_SIGNALS: tuple[Signal, ...] = (
    Signal(name="request_rate_rps", unit="1/s", kind=SignalKind.COUNTER),
    Signal(name="error_ratio", unit="1"),
    Signal(name="latency_mean_milliseconds", unit="ms"),
    Signal(name="latency_p95_milliseconds", unit="ms"),
    Signal(name="cpu_usage_millicores", unit="m", kind=SignalKind.COUNTER),
    Signal(name="cpu_limit_millicores", unit="m", kind=SignalKind.STATE),
    Signal(name="memory_bytes", unit="By"),
    Signal(name="memory_limit_bytes", unit="By", kind=SignalKind.STATE),
    Signal(name="restarts", unit="1", kind=SignalKind.STATE),
    Signal(name="network_receive_bytes_per_second", unit="By/s", kind=SignalKind.COUNTER),
    Signal(name="network_transmit_bytes_per_second", unit="By/s", kind=SignalKind.COUNTER),
    Signal(name="queue_depth", unit="1"),
    Signal(name="replicas_ready", unit="1", kind=SignalKind.STATE),
    Signal(name="replicas_desired", unit="1", kind=SignalKind.STATE),
    Signal(name="consumer_lag", unit="1"),
)
"""Per service. `cpu_limit_millicores` and `memory_limit_bytes` are per replica; usage sums over replicas;
`restarts` counts container restarts within the bucket; `queue_depth` counts requests in the service; `consumer_lag`
counts messages that wait at a consumer, whose group is called as it is, and is missing where none are consumed."""

EDGE_SIGNALS: tuple[Signal, ...] = (
    Signal(name="request_rate_rps", unit="1/s"),
    Signal(name="error_ratio", unit="1"),
    Signal(name="latency_mean_milliseconds", unit="ms"),
    Signal(name="latency_p95_milliseconds", unit="ms"),
    Signal(name="retry_rate_rps", unit="1/s"),
)
"""Per directed edge, as the caller sees it."""

JOURNEY_SIGNALS: tuple[Signal, ...] = (
    Signal(name="offered_rate_rps", unit="1/s"),
    Signal(name="error_ratio", unit="1"),
    Signal(name="latency_p95_milliseconds", unit="ms"),
    Signal(name="good_ratio", unit="1"),
)
"""Per user journey, at the entry, as the load generator sees it. The denominator is what users wanted to send: a
request shed by the rate limit counts as an error and as not good. `good_ratio` is the share of offered requests that
succeeded within the journey's latency objective."""

STAND_SIGNALS: tuple[Signal, ...] = (
    Signal(name="offered_rate_rps", unit="1/s"),
    Signal(name="rate_limit_rps", unit="1/s"),
    Signal(name="resource_cost_millicores", unit="m"),
)
"""Of the whole stand. `rate_limit_rps` is NaN without a limit; the cost is the CPU reserved by all replicas."""


def signal_index(signals: tuple[Signal, ...], name: str) -> int:
    """Position of a signal in its level's feature axis; KeyError naming the known ones otherwise."""
    for position, signal in enumerate(signals):
        if signal.name == name:
            return position
    raise KeyError(f"no signal {name!r}: known are {', '.join(s.name for s in signals)}")


@dataclass(frozen=True, kw_only=True)
class TelemetryWindow:
    """Telemetry of the last T buckets, oldest first. It may be a view of a stand's own, valid until that moves on.

    Legend: N stands (leading axis, only in a batch's window), T buckets, S services, E edges, J journeys, F signals of
    that level, in catalogue order.
    """

    bucket_seconds: float
    times_ns: NDArray[np.int64]
    """[..., T] start of each bucket, UTC nanoseconds on the stand's clock."""
    nodes: NDArray[np.float32]
    """[..., T, S, F]"""
    edges: NDArray[np.float32]
    """[..., T, E, F]"""
    journeys: NDArray[np.float32]
    """[..., T, J, F]"""
    stand: NDArray[np.float32]
    """[..., T, F]"""
    missing: float = math.nan
    """What stands for a value that is not there."""

    @property
    def num_buckets(self) -> int:
        """T."""
        return int(self.times_ns.shape[-1])

    def of_stand(self, stand: int) -> "TelemetryWindow":
        """The window of one stand of a batch's window (drops the leading axis)."""
        return TelemetryWindow(
            bucket_seconds=self.bucket_seconds,
            times_ns=self.times_ns[stand],
            nodes=self.nodes[stand],
            edges=self.edges[stand],
            journeys=self.journeys[stand],
            stand=self.stand[stand],
            missing=self.missing,
        )

    def latest(self, num_buckets: int) -> "TelemetryWindow":
        """A copy of the last buckets of one stand's window: it stays what it is while the stand goes on."""
        return TelemetryWindow(
            bucket_seconds=self.bucket_seconds,
            times_ns=self.times_ns[-num_buckets:].copy(),
            nodes=self.nodes[-num_buckets:].copy(),
            edges=self.edges[-num_buckets:].copy(),
            journeys=self.journeys[-num_buckets:].copy(),
            stand=self.stand[-num_buckets:].copy(),
            missing=self.missing,
        )
