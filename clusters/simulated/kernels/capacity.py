"""What the replicas of a service add up to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
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


@compiled
def add_up_replicas(
    replicas: Replicas, workers: Floats, is_consumer: Bools, services: Ints, stands: Ints, values: Floats
) -> None:
    """Fill `values` [10, P], rows as `Capacity` has them, for pairs [P] of a service and a stand.

    Load is balanced so that a slow replica gets less of it.

    Args:
        replicas: of the state.
        workers: [S, 1] per replica.
        is_consumer: [S] takes messages, which wait for a consumer that is down.
        services: [P]
        stands: [P]
        values: to be filled.
    """
    for p in range(len(services)):
        s, n = services[p], stands[p]
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
        num_workers = count * workers[s, 0]
        open_ratio = _ZERO if replicas.port_broken[s, n] else greatest
        values[0, p] = count
        values[1, p] = _ONE if is_consumer[s] else open_ratio
        values[2, p] = cpu_ms
        values[3, p] = servers
        values[4, p] = cpu_ms / (_THOUSAND * servers) if count > _ZERO else lesser(desired / _THOUSAND, _ONE)
        values[5, p] = num_workers
        values[6, p] = _UNBOUND if is_consumer[s] else num_workers * _QUEUE_PER_WORKER
        values[7, p] = ready_limits - free
        values[8, p] = limits / greater(num_present, _ONE) if num_present > _ZERO else desired
        values[9, p] = num_present * replicas.cpu_request[s, n]
