"""What signals are read from, where they go, and what the readings of all levels share.

A block of stands is told together: its columns stand from 0 on, whichever stands of the batch they are.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import inlined
from clusters.simulated.kernels.index import Groups

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

MS = np.float32(1e3)
NO_REQUESTS = np.float32(1e-6)
"""Fewer have no ratio and no mean."""
_ZERO = np.float32(0.0)


class Owners(NamedTuple):
    """Which rows belong to a service, an edge, a journey, in the application's order."""

    services: Ints
    """[S] internal position."""
    is_consumer: NDArray[np.bool_]
    """[S] takes messages; by internal position."""
    operations: Groups
    """Of each service."""
    callers: Groups
    """The channels by which each service calls."""
    channels: Groups
    """Of each edge."""
    requests: Groups
    """The types of each journey."""


class BucketEnd(NamedTuple):
    """What of the state signals are read from: the sums of a bucket, and what is told as it is at its end."""

    operation_sums: Floats
    service_sums: Floats
    channel_sums: Floats
    request_sums: Floats
    desired_replicas: Ints
    memory_limit: Floats
    rate_limit_rps: Floats


class Signals(NamedTuple):
    """One bucket of a block of stands: [signals, entities, >= block], as `clusters.telemetry` lists the signals."""

    nodes: Floats
    edges: Floats
    journeys: Floats
    stand: Floats
    """One entity."""


@inlined
def known(value: np.float32, missing: np.float32) -> np.float32:
    """The value, unless it is NaN."""
    return value if value == value else missing


@inlined
def add_up(groups: Groups, g: int, rows: Floats, first: np.uint64, last: np.uint64, total: Floats) -> None:
    """Fill `total` [block] with the sum of a group's rows of `rows` [X, N], one after the other."""
    begin, end = groups.first[g], groups.first[g + 1]
    if begin == end:
        total[:] = _ZERO
    else:
        row = groups.rows[begin]
        for n in range(first, last):
            total[n - first] = rows[row, n]
    for i in range(begin + 1, end):
        row = groups.rows[i]
        for n in range(first, last):
            total[n - first] += rows[row, n]
