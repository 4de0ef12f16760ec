"""What the replicas of a service add up to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, greater, lesser
from clusters.simulated.parameters import COLD_SECONDS, COLD_SPEED, QUEUE_PER_WORKER, TICK_SECONDS

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_ZERO, _ONE, _THOUSAND = np.float32(0.0), np.float32(1.0), np.float32(1000.0)
_TICK, _COLD_SECONDS = np.float32(TICK_SECONDS), np.float32(COLD_SECONDS)
_COLD_SPEED, _WARMING = np.float32(COLD_SPEED), np.float32(1.0 - COLD_SPEED)
_QUEUE_PER_WORKER = np.float32(QUEUE_PER_WORKER)
_UNBOUND = np.float32(np.inf)


class Capacity(NamedTuple):
    """What the replicas of each service add up to over the tick to come; all [S, N].

    A replica that becomes ready within the tick counts for its share of it.
    """

    ready: Floats
    """Replicas."""
    open_ratio: Floats
    """Share of the tick in which anyone is there to take requests."""
    cpu_ms: Floats
    """CPU milliseconds per second that requests can use."""
    cpu_servers: Floats
    """Requests that can compute at the same time; at least 1."""
    speed: Floats
    """CPU milliseconds that one request gets per millisecond while it computes alone."""
    workers: Floats
    queue_bound: Floats
    """Requests that may wait for a worker; infinite where messages wait."""
    stress_millicores: Floats
    """CPU that stressors burn."""
    limit_millicores: Floats
    """Mean CPU limit of a replica (the desired one where there is none)."""
    reserved_millicores: Floats
    """CPU requests of all replicas, ready or not."""


class Replicas(NamedTuple):
    """Of the state: [K, S, N] slots, then [S, N]."""

    present: Bools
    timer: Floats
    slot_limit: Floats
    stress: Floats
    service_down: Bools
    port_broken: Bools
    desired_limit: Floats
    cpu_request: Floats


class CapacityMarks(NamedTuple):
    """What of a capacity is out of date."""

    is_stale: Bools
    """[N] set by whoever changes replicas, limits, stress or faults."""
    is_timed: Bools
    """[S, N] some replica starts or warms up, so that capacity changes by itself."""
    is_due: Bools
    """[S, N] to be recomputed: time passed for its replicas, or something happened to them."""


@compiled
def refresh_capacity(
    replicas: Replicas,
    workers: Floats,
    is_consumer: Bools,
    middles: NDArray[np.float64],
    row_length: int,
    marks: CapacityMarks,
    values: Floats,
    server_rows: Ints,
) -> None:
    """Bring what is stale or due up to date.

    Args:
        replicas: of the state.
        workers: [S, 1] per replica.
        is_consumer: [S] takes messages, which wait for a consumer that is down.
        middles: [M] numbers of servers half way between those that `erlang` tabulates.
        row_length: of its table.
        marks: which they are; taken away, but for `is_timed`, which is brought up to date too.
        values: [10, S, N] rows as `Capacity` has them.
        server_rows: [S, N] where the queues stand in the table.
    """
    for s in range(values.shape[1]):
        for n in range(values.shape[2]):
            if marks.is_due[s, n] or marks.is_stale[n]:
                _add_up_replicas(replicas, workers[s, 0], is_consumer[s], s, n, values)
                server_rows[s, n] = np.searchsorted(middles, values[3, s, n]) * row_length
                is_timed = False
                for k in range(replicas.timer.shape[0]):
                    is_timed |= replicas.timer[k, s, n] > _ZERO
                marks.is_timed[s, n] = is_timed
                marks.is_due[s, n] = False
    marks.is_stale[:] = False


@inlined
def _add_up_replicas(
    replicas: Replicas, workers: np.float32, is_consumer: bool, s: int, n: int, values: Floats
) -> None:
    """Fill the values of one service of one stand; load is balanced so that a slow replica gets less of it."""
    is_up = not replicas.service_down[s, n]
    count = greatest = cpu_ms = servers = num_present = free = ready_limits = limits = _ZERO
    for k in range(replicas.present.shape[0]):
        is_there, limit, timer = replicas.present[k, s, n], replicas.slot_limit[k, s, n], replicas.timer[k, s, n]
        present = _ONE if is_there else _ZERO
        ready = between((_TICK + _COLD_SECONDS - timer) / _TICK, _ZERO, _ONE) * (present if is_up else _ZERO)
        warm = between((_TICK - timer) / _TICK, _ZERO, _ONE)
        unstressed = limit * (_ONE - replicas.stress[k, s, n]) * ready
        cpu_ms += lesser(_COLD_SPEED + _WARMING * warm, _ONE) * unstressed
        servers += ready * greater(limit / _THOUSAND, _ONE)
        count += ready
        greatest = greater(greatest, ready)
        free += unstressed
        ready_limits += limit * ready
        limits += limit * present
        num_present += present
    servers, desired = greater(servers, _ONE), replicas.desired_limit[s, n]
    num_workers = count * workers
    open_ratio = _ZERO if replicas.port_broken[s, n] else greatest
    values[0, s, n] = count
    values[1, s, n] = _ONE if is_consumer else open_ratio
    values[2, s, n] = cpu_ms
    values[3, s, n] = servers
    values[4, s, n] = cpu_ms / (_THOUSAND * servers) if count > _ZERO else lesser(desired / _THOUSAND, _ONE)
    values[5, s, n] = num_workers
    values[6, s, n] = _UNBOUND if is_consumer else num_workers * _QUEUE_PER_WORKER
    values[7, s, n] = ready_limits - free
    values[8, s, n] = limits / greater(num_present, _ONE) if num_present > _ZERO else desired
    values[9, s, n] = num_present * replicas.cpu_request[s, n]


@compiled
def pass_time_of_replicas(timer: Floats, is_timed: Bools, is_due: Bools) -> None:
    """Let a tick pass for the replicas [K, S, N] that start or warm up, and mark their services."""
    for s in range(timer.shape[1]):
        for n in range(timer.shape[2]):
            if is_timed[s, n]:
                is_due[s, n] = True
                for k in range(timer.shape[0]):
                    timer[k, s, n] = greater(timer[k, s, n] - _TICK, _ZERO)
