"""How an edge's signals are read from a bucket."""

import numpy as np

from clusters.compiled import inlined
from clusters.simulated.kernels.bucket_end import MS, NO_REQUESTS, BucketEnd, Floats, Owners, add_up, known
from clusters.simulated.telemetry.sums import ChannelSum
from clusters.telemetry import EDGE_SIGNALS, signal_index

_ATTEMPTS, _CALL_ERRORS = int(ChannelSum.REQUESTS), int(ChannelSum.ERRORS)
_CALL_LATENCY, _RETRIES = int(ChannelSum.LATENCY), int(ChannelSum.RETRIES)

_EDGE_REQUESTS = signal_index(EDGE_SIGNALS, "request_rate_rps")
_EDGE_ERRORS = signal_index(EDGE_SIGNALS, "error_ratio")
_EDGE_MEAN = signal_index(EDGE_SIGNALS, "latency_mean_milliseconds")
_EDGE_P95 = signal_index(EDGE_SIGNALS, "latency_p95_milliseconds")
_EDGE_RETRIES = signal_index(EDGE_SIGNALS, "retry_rate_rps")


@inlined
def tell_edge(
    owners: Owners,
    end: BucketEnd,
    p95: Floats,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    room: Floats,
    edges: Floats,
    e: int,
) -> None:
    """What the calls of one service to another tell; `p95` is [N]."""
    add_up(owners.channels, e, end.channel_sums[_ATTEMPTS], first, last, room[0])
    add_up(owners.channels, e, end.channel_sums[_CALL_ERRORS], first, last, room[1])
    add_up(owners.channels, e, end.channel_sums[_CALL_LATENCY], first, last, room[2])
    add_up(owners.channels, e, end.channel_sums[_RETRIES], first, last, room[3])
    for n in range(first, last):
        calls = room[0, n - first]
        error_ratio, mean = room[1, n - first] / calls, room[2, n - first] / calls * MS
        edges[_EDGE_REQUESTS, e, n - first] = calls * share
        edges[_EDGE_ERRORS, e, n - first] = error_ratio if calls > NO_REQUESTS else missing
        edges[_EDGE_MEAN, e, n - first] = mean if calls > NO_REQUESTS else missing
        edges[_EDGE_P95, e, n - first] = known(p95[n], missing)
        edges[_EDGE_RETRIES, e, n - first] = room[3, n - first] * share
