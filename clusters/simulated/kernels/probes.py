"""How telemetry is read from a bucket: one row for each signal of an entity, in the application's order.

What is undefined, such as the latency of no requests, is missing.
"""

import numpy as np

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.bucket_end import BucketEnd, Floats, Owners, Signals
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.edge_probes import tell_edge
from clusters.simulated.kernels.node_probes import tell_resources, tell_traffic
from clusters.simulated.kernels.rings import BucketPlaces, write_block
from clusters.simulated.kernels.user_probes import begin_stand, tell_journey, tell_stand

NUM_ROOM_ROWS = 4
BLOCK = 128
"""Stands whose signals are told together. Measured: fewer cost more per stand, more do not stay in the cache."""


@compiled
def fill_signals(
    owners: Owners,
    end: BucketEnd,
    capacity: Capacity,
    p95: Floats,
    in_time: Floats,
    share: np.float32,
    missing: np.float32,
    room: Floats,
    rows: Floats,
    signals: Signals,
    target: BucketPlaces,
) -> None:
    """Write all signals of a bucket of N stands, a block of them after the other.

    What lies side by side in a kernel, the stands, lies apart where it is kept: a block is turned round in the cache.

    Args:
        owners: of the graph.
        end: of the bucket.
        capacity: of its last tick.
        p95: [S + E + J, N] 95th percentiles in milliseconds of services, edges and journeys; NaN where nothing came.
        in_time: [R, N] share of the users' requests that were fast enough.
        share: one over the bucket's ticks.
        missing: what stands for a value that is not there.
        room: [NUM_ROOM_ROWS, block] for sums; its width is how many stands a block has.
        rows: [rows, >= block] for what a block's stands tell.
        signals: the same memory, by level.
        target: where it is written to.
    """
    num_stands, block = p95.shape[1], room.shape[1]
    for begin in range(0, num_stands, block):
        # Unsigned: an index that could be negative counts from the end, and a loop over it is not vectorised.
        first, last = np.uint64(begin), np.uint64(min(begin + block, num_stands))
        _fill_block(owners, end, capacity, p95, in_time, share, missing, first, last, room, signals)
        write_block(rows, first, last, target)


@inlined
def _fill_block(
    owners: Owners,
    end: BucketEnd,
    capacity: Capacity,
    p95: Floats,
    in_time: Floats,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    room: Floats,
    signals: Signals,
) -> None:
    """Fill the first columns of `signals` with the stands from `first` to before `last`."""
    num_services, num_edges = signals.nodes.shape[1], signals.edges.shape[1]
    for p in range(num_services):
        tell_traffic(owners, end, p95, share, missing, first, last, room, signals.nodes, p)
        tell_resources(owners, end, capacity, share, missing, first, last, signals.nodes, p)
    for e in range(num_edges):
        tell_edge(owners, end, p95[num_services + e], share, missing, first, last, room, signals.edges, e)
    begin_stand(first, last, signals.stand)
    for j in range(signals.journeys.shape[1]):
        p95_of_journey = p95[num_services + num_edges + j]
        tell_journey(owners, end, p95_of_journey, in_time, share, missing, first, last, room, signals, j)
    tell_stand(end, capacity, share, missing, first, last, signals.stand)
