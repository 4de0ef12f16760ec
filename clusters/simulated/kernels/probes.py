"""How each telemetry signal is read from a bucket: one row of its level's array, in the application's order.

What is undefined, such as the latency of no requests, is missing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import greater, lesser
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.index import Groups
from clusters.simulated.kernels.rings import BucketPlaces, write_block
from clusters.simulated.parameters import REQUEST_BYTES, RESPONSE_BYTES
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, RequestSum, ServiceSum
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, signal_index

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_MS = np.float32(1e3)
_NO_REQUESTS = np.float32(1e-6)
_REQUEST_BYTES, _RESPONSE_BYTES = np.float32(REQUEST_BYTES), np.float32(RESPONSE_BYTES)

_REQUESTS, _ERRORS, _LATENCY = int(OperationSum.REQUESTS), int(OperationSum.ERRORS), int(OperationSum.LATENCY)
_CPU, _MEMORY, _RESTARTS = int(ServiceSum.CPU_MILLICORES), int(ServiceSum.MEMORY), int(ServiceSum.RESTARTS)
_DEPTH, _READY = int(ServiceSum.QUEUE_DEPTH), int(ServiceSum.REPLICAS_READY)
_ATTEMPTS, _CALL_ERRORS = int(ChannelSum.REQUESTS), int(ChannelSum.ERRORS)
_CALL_LATENCY, _RETRIES = int(ChannelSum.LATENCY), int(ChannelSum.RETRIES)
_OFFERED, _SUCCEEDED = int(RequestSum.OFFERED), int(RequestSum.SUCCEEDED)

_NODE_REQUESTS = signal_index(NODE_SIGNALS, "request_rate_rps")
_NODE_ERRORS = signal_index(NODE_SIGNALS, "error_ratio")
_NODE_MEAN = signal_index(NODE_SIGNALS, "latency_mean_milliseconds")
_NODE_P95 = signal_index(NODE_SIGNALS, "latency_p95_milliseconds")
_NODE_CPU = signal_index(NODE_SIGNALS, "cpu_usage_millicores")
_NODE_CPU_LIMIT = signal_index(NODE_SIGNALS, "cpu_limit_millicores")
_NODE_MEMORY = signal_index(NODE_SIGNALS, "memory_bytes")
_NODE_MEMORY_LIMIT = signal_index(NODE_SIGNALS, "memory_limit_bytes")
_NODE_RESTARTS = signal_index(NODE_SIGNALS, "restarts")
_NODE_RECEIVED = signal_index(NODE_SIGNALS, "network_receive_bytes_per_second")
_NODE_SENT = signal_index(NODE_SIGNALS, "network_transmit_bytes_per_second")
_NODE_DEPTH = signal_index(NODE_SIGNALS, "queue_depth")
_NODE_READY = signal_index(NODE_SIGNALS, "replicas_ready")
_NODE_DESIRED = signal_index(NODE_SIGNALS, "replicas_desired")
_NODE_LAG = signal_index(NODE_SIGNALS, "consumer_lag")
_EDGE_REQUESTS = signal_index(EDGE_SIGNALS, "request_rate_rps")
_EDGE_ERRORS = signal_index(EDGE_SIGNALS, "error_ratio")
_EDGE_MEAN = signal_index(EDGE_SIGNALS, "latency_mean_milliseconds")
_EDGE_P95 = signal_index(EDGE_SIGNALS, "latency_p95_milliseconds")
_EDGE_RETRIES = signal_index(EDGE_SIGNALS, "retry_rate_rps")
_JOURNEY_OFFERED = signal_index(JOURNEY_SIGNALS, "offered_rate_rps")
_JOURNEY_ERRORS = signal_index(JOURNEY_SIGNALS, "error_ratio")
_JOURNEY_P95 = signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")
_JOURNEY_GOOD = signal_index(JOURNEY_SIGNALS, "good_ratio")
_STAND_OFFERED = signal_index(STAND_SIGNALS, "offered_rate_rps")
_STAND_RATE_LIMIT = signal_index(STAND_SIGNALS, "rate_limit_rps")
_STAND_COST = signal_index(STAND_SIGNALS, "resource_cost_millicores")

NUM_ROOM_ROWS = 4
BLOCK = 128
"""Stands whose signals are told together. Measured: fewer cost more per stand, more do not stay in the cache."""


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
        _tell_traffic(owners, end, p95, share, missing, first, last, room, signals.nodes, p)
        _tell_resources(owners, end, capacity, share, missing, first, last, signals.nodes, p)
    for e in range(num_edges):
        _tell_edge(owners, end, p95[num_services + e], share, missing, first, last, room, signals.edges, e)
    for n in range(first, last):
        signals.stand[_STAND_OFFERED, 0, n - first] = _ZERO
    for j in range(signals.journeys.shape[1]):
        p95_of_journey = p95[num_services + num_edges + j]
        _tell_journey(owners, end, p95_of_journey, in_time, share, missing, first, last, room, signals, j)
    _tell_stand(end, capacity, share, missing, first, last, signals.stand)


@inlined
def _known(value: np.float32, missing: np.float32) -> np.float32:
    """The value, unless it is NaN."""
    return value if value == value else missing


@inlined
def _add_up(groups: Groups, g: int, rows: Floats, first: np.uint64, last: np.uint64, total: Floats) -> None:
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


@inlined
def _tell_traffic(
    owners: Owners,
    end: BucketEnd,
    p95: Floats,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    room: Floats,
    nodes: Floats,
    p: int,
) -> None:
    """What one service's requests tell."""
    _add_up(owners.operations, p, end.operation_sums[_REQUESTS], first, last, room[0])
    _add_up(owners.operations, p, end.operation_sums[_ERRORS], first, last, room[1])
    _add_up(owners.operations, p, end.operation_sums[_LATENCY], first, last, room[2])
    _add_up(owners.callers, p, end.channel_sums[_ATTEMPTS], first, last, room[3])
    for n in range(first, last):
        requests = room[0, n - first]
        error_ratio, mean = lesser(room[1, n - first] / requests, _ONE), room[2, n - first] / requests * _MS
        nodes[_NODE_REQUESTS, p, n - first] = requests * share
        nodes[_NODE_ERRORS, p, n - first] = error_ratio if requests > _NO_REQUESTS else missing
        nodes[_NODE_MEAN, p, n - first] = mean if requests > _NO_REQUESTS else missing
        nodes[_NODE_P95, p, n - first] = _known(p95[p, n], missing)
    for n in range(first, last):
        requests, calls = room[0, n - first], room[3, n - first]
        nodes[_NODE_RECEIVED, p, n - first] = (requests * _REQUEST_BYTES + calls * _RESPONSE_BYTES) * share
        nodes[_NODE_SENT, p, n - first] = (requests * _RESPONSE_BYTES + calls * _REQUEST_BYTES) * share


@inlined
def _tell_resources(
    owners: Owners,
    end: BucketEnd,
    capacity: Capacity,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    nodes: Floats,
    p: int,
) -> None:
    """What one service's replicas tell, and the messages that wait beyond its workers."""
    s = owners.services[p]
    sums, is_consumer = end.service_sums, owners.is_consumer[s]
    for n in range(first, last):
        nodes[_NODE_CPU, p, n - first] = sums[_CPU, s, n] * share
        nodes[_NODE_CPU_LIMIT, p, n - first] = capacity.limit_millicores[s, n]
        nodes[_NODE_MEMORY, p, n - first] = sums[_MEMORY, s, n] * share
        nodes[_NODE_MEMORY_LIMIT, p, n - first] = end.memory_limit[s, n]
        nodes[_NODE_RESTARTS, p, n - first] = sums[_RESTARTS, s, n]
    for n in range(first, last):
        depth = sums[_DEPTH, s, n] * share
        nodes[_NODE_DEPTH, p, n - first] = depth
        nodes[_NODE_READY, p, n - first] = sums[_READY, s, n] * share
        nodes[_NODE_LAG, p, n - first] = greater(depth - capacity.workers[s, n], _ZERO) if is_consumer else missing
    for n in range(first, last):
        nodes[_NODE_DESIRED, p, n - first] = np.float32(end.desired_replicas[s, n])


@inlined
def _tell_edge(
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
    _add_up(owners.channels, e, end.channel_sums[_ATTEMPTS], first, last, room[0])
    _add_up(owners.channels, e, end.channel_sums[_CALL_ERRORS], first, last, room[1])
    _add_up(owners.channels, e, end.channel_sums[_CALL_LATENCY], first, last, room[2])
    _add_up(owners.channels, e, end.channel_sums[_RETRIES], first, last, room[3])
    for n in range(first, last):
        calls = room[0, n - first]
        error_ratio, mean = room[1, n - first] / calls, room[2, n - first] / calls * _MS
        edges[_EDGE_REQUESTS, e, n - first] = calls * share
        edges[_EDGE_ERRORS, e, n - first] = error_ratio if calls > _NO_REQUESTS else missing
        edges[_EDGE_MEAN, e, n - first] = mean if calls > _NO_REQUESTS else missing
        edges[_EDGE_P95, e, n - first] = _known(p95[n], missing)
        edges[_EDGE_RETRIES, e, n - first] = room[3, n - first] * share


@inlined
def _tell_journey(
    owners: Owners,
    end: BucketEnd,
    p95: Floats,
    in_time: Floats,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    room: Floats,
    signals: Signals,
    j: int,
) -> None:
    """What the users on one journey tell; `p95` is [N]. What they wanted to send is added to the stand's."""
    _add_up(owners.requests, j, end.request_sums[_OFFERED], first, last, room[0])
    _add_up(owners.requests, j, end.request_sums[_SUCCEEDED], first, last, room[1])
    for n in range(first, last):
        room[2, n - first] = _ZERO
    for i in range(owners.requests.first[j], owners.requests.first[j + 1]):
        r = owners.requests.rows[i]
        for n in range(first, last):
            room[2, n - first] += end.request_sums[_SUCCEEDED, r, n] * in_time[r, n]
    for n in range(first, last):
        offered = room[0, n - first]
        error_ratio, good_ratio = greater(_ONE - room[1, n - first] / offered, _ZERO), room[2, n - first] / offered
        signals.journeys[_JOURNEY_OFFERED, j, n - first] = offered * share
        signals.journeys[_JOURNEY_ERRORS, j, n - first] = error_ratio if offered > _NO_REQUESTS else missing
        signals.journeys[_JOURNEY_P95, j, n - first] = _known(p95[n], missing)
        signals.journeys[_JOURNEY_GOOD, j, n - first] = good_ratio if offered > _NO_REQUESTS else missing
        signals.stand[_STAND_OFFERED, 0, n - first] += offered


@inlined
def _tell_stand(
    end: BucketEnd,
    capacity: Capacity,
    share: np.float32,
    missing: np.float32,
    first: np.uint64,
    last: np.uint64,
    stand: Floats,
) -> None:
    """What concerns the whole stand. The load generator, which is the first service, belongs to the scenario."""
    for n in range(first, last):
        stand[_STAND_OFFERED, 0, n - first] *= share
        stand[_STAND_RATE_LIMIT, 0, n - first] = _known(end.rate_limit_rps[n], missing)
        stand[_STAND_COST, 0, n - first] = _ZERO
    for s in range(1, capacity.reserved_millicores.shape[0]):
        for n in range(first, last):
            stand[_STAND_COST, 0, n - first] += capacity.reserved_millicores[s, n]
