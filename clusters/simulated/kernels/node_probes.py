"""How a service's signals are read from a bucket."""

import numpy as np

from clusters.compiled import inlined
from clusters.simulated.kernels.arithmetic import greater, lesser
from clusters.simulated.kernels.bucket_end import MS, NO_REQUESTS, BucketEnd, Floats, Owners, add_up, known
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.parameters import REQUEST_BYTES, RESPONSE_BYTES
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, ServiceSum
from clusters.telemetry import NODE_SIGNALS, signal_index

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_REQUEST_BYTES, _RESPONSE_BYTES = np.float32(REQUEST_BYTES), np.float32(RESPONSE_BYTES)
_REQUESTS, _ERRORS, _LATENCY = int(OperationSum.REQUESTS), int(OperationSum.ERRORS), int(OperationSum.LATENCY)
_CPU, _MEMORY, _RESTARTS = int(ServiceSum.CPU_MILLICORES), int(ServiceSum.MEMORY), int(ServiceSum.RESTARTS)
_DEPTH, _READY = int(ServiceSum.QUEUE_DEPTH), int(ServiceSum.REPLICAS_READY)
_ATTEMPTS = int(ChannelSum.REQUESTS)

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


@inlined
def tell_traffic(
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
    add_up(owners.operations, p, end.operation_sums[_REQUESTS], first, last, room[0])
    add_up(owners.operations, p, end.operation_sums[_ERRORS], first, last, room[1])
    add_up(owners.operations, p, end.operation_sums[_LATENCY], first, last, room[2])
    add_up(owners.callers, p, end.channel_sums[_ATTEMPTS], first, last, room[3])
    for n in range(first, last):
        requests = room[0, n - first]
        error_ratio, mean = lesser(room[1, n - first] / requests, _ONE), room[2, n - first] / requests * MS
        nodes[_NODE_REQUESTS, p, n - first] = requests * share
        nodes[_NODE_ERRORS, p, n - first] = error_ratio if requests > NO_REQUESTS else missing
        nodes[_NODE_MEAN, p, n - first] = mean if requests > NO_REQUESTS else missing
        nodes[_NODE_P95, p, n - first] = known(p95[p, n], missing)
    for n in range(first, last):
        requests, calls = room[0, n - first], room[3, n - first]
        nodes[_NODE_RECEIVED, p, n - first] = (requests * _REQUEST_BYTES + calls * _RESPONSE_BYTES) * share
        nodes[_NODE_SENT, p, n - first] = (requests * _RESPONSE_BYTES + calls * _REQUEST_BYTES) * share


@inlined
def tell_resources(
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
