"""What a service can do whose workers wait for answers: a closed network of as many customers as it has workers.

Mean value analysis (Reiser and Lavenberg 1980): n customers that each take T(X) at throughput X make X = n / T, with
T as those n - 1 see it that are there already. T is taken as a hyperbola through its present value and slope,
T(X) = stations / (pole - X). So the throughput of n customers is n pole / (n - 1 + stations), which is exact for one
queue, for M equal ones (n / (n + M - 1) of one's rate), and for waiting that no throughput makes longer.

Where the callees are so slow that their queues do not settle within a tick, workers that are free yet still take in
more: what exceeds the pole keeps them, each as far as it meets the bottleneck.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, exponential, greater, lesser, logarithm
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ZERO, _ONE, _TWO = np.float32(0.0), np.float32(1.0), np.float32(2.0)
_TINY, _LEAST = np.float32(1e-6), np.float32(1e-3)
_PER_TICK = np.float32(1.0 / TICK_SECONDS)
_MOST_LOAD = np.float32(0.99)
"""Beyond, a line is in overload, and its stationary state is not asked for."""
_MOST_SERVERS = np.float32(4096.0)


class Held(NamedTuple):
    """[S, N] how long a request holds its worker after its CPU time, in steady state."""

    seconds: Floats
    slope: Floats
    """How much longer per request per second more."""
    rate: Floats
    """Requests per second at which that is so."""
    stuck: Floats
    """How often a request meets what makes it longer."""
    number: Floats
    """Requests that hold a worker so."""
    backlog: Floats
    """Requests that compute, or wait for a worker."""


class WorkerLimit(NamedTuple):
    """[S, N] requests per second."""

    rate: Floats
    """That CPU and workers allow."""
    cpu_rate: Floats
    """That the CPU alone would."""
    pole: Floats
    """That no number of workers could exceed."""
    stations: Floats
    """Queues of the closed network: 1 where there is but the bottleneck, many where most of the time is no queue."""


@inlined
def fill_limit(capacity: Capacity, work_ms: Floats, held: Held, limit: WorkerLimit, s: int) -> None:
    """Fill one service's row of `limit`; `work_ms` [S, N] is the CPU time of a request.

    The service's own CPU is one of the network's queues, of which `workers` customers leave it at least one part free.
    """
    for n in range(work_ms.shape[1]):
        workers = capacity.workers[s, n]
        cpu_rate = greater(greater(capacity.cpu_ms[s, n], _TINY) / greater(work_ms[s, n], _TINY), _TINY)
        others = greater(workers - _ONE, _ZERO)
        spare = greater(cpu_rate - held.rate[s, n], cpu_rate / (others + _ONE))
        own = _ONE / spare
        seconds = (capacity.cpu_servers[s, n] - _ONE) / cpu_rate + own + held.seconds[s, n]
        beyond = seconds / (own * own + held.slope[s, n])
        pole, stations = held.rate[s, n] + beyond, seconds * beyond
        free = greater(workers - held.number[s, n] - held.backlog[s, n], _ZERO)
        rate = workers * pole / (others + stations) + free * _PER_TICK / held.stuck[s, n]
        limit.rate[s, n] = greater(lesser(rate, cpu_rate), _TINY)
        limit.cpu_rate[s, n] = cpu_rate
        limit.pole[s, n] = pole
        limit.stations[s, n] = stations


@compiled
def fill_lines(
    middles: NDArray[np.float64],
    row_length: int,
    capacity: Capacity,
    limit: WorkerLimit,
    admitted: Floats,
    computing: Floats,
    server_rows: Ints,
    waits: Floats,
    reach: Floats,
) -> None:
    """The queue for the CPU, or where workers are scarcer, the line for a worker.

    Args:
        middles: [M] numbers of servers half way between those that `erlang` tabulates.
        row_length: of its table.
        capacity: of the services.
        limit: of the services.
        admitted: [S, N] requests per second.
        computing: [S, N] filled with the requests at the CPU while the queue is not empty.
        server_rows: [S, N] rows of the table for the CPU; changed where workers are scarcer.
        waits: [S, N] filled with the share of the requests that wait for a worker (Sakasegawa's, as `number_at_cpu`);
            1 where the CPU is scarcest.
        reach: [S, N] requests that can be there; changed where workers are scarcer: less those that hold one and do not
            compute.
    """
    for s in range(computing.shape[0]):
        for n in range(computing.shape[1]):
            computing[s, n] = capacity.cpu_servers[s, n] * (limit.rate[s, n] / limit.cpu_rate[s, n])
            waits[s, n] = _ONE
        for n in range(computing.shape[1]):
            if limit.rate[s, n] < limit.cpu_rate[s, n]:
                load = lesser(admitted[s, n] / limit.rate[s, n], _ONE)
                servers = _alike(capacity, limit, load, s, n)
                waits[s, n] = exponential((np.sqrt(_TWO * (servers + _ONE)) - _ONE) * logarithm(greater(load, _LEAST)))
                server_rows[s, n] = np.searchsorted(middles, servers) * row_length
                number = number_at_cpu(
                    load * limit.rate[s, n] / limit.cpu_rate[s, n], capacity.cpu_servers[s, n], capacity.workers[s, n]
                )
                computing[s, n] = number / greater(load, _LEAST)
                reach[s, n] -= greater(capacity.workers[s, n] - computing[s, n], _ZERO)


@inlined
def _alike(capacity: Capacity, limit: WorkerLimit, load: np.float32, s: int, n: int) -> np.float32:
    """Servers of the Erlang queue in which a line forms as often as for this service's workers.

    The requests in a closed network whose workers are not all held are distributed as a negative binomial with
    `stations` and admitted / pole (a birth-death process with rates pole n / (n - 1 + stations)). A line forms where
    they would be more than the workers: as often as in an Erlang queue whose servers are as many of its deviations
    from the mean away.
    """
    calm_load = lesser(load, _MOST_LOAD)
    share = lesser(calm_load * limit.rate[s, n] / limit.pole[s, n], _MOST_LOAD)
    mean = greater(limit.stations[s, n] * share / (_ONE - share), _TINY)
    room = greater(capacity.workers[s, n] - mean, _ZERO)
    idle = _ONE - calm_load
    return between(calm_load * room * room * (_ONE - share) / (mean * idle * idle), _ONE, _MOST_SERVERS)


@inlined
def number_at_cpu(load: np.float32, servers: np.float32, workers: np.float32) -> np.float32:
    """Requests that compute or wait for the CPU: all that may are `workers`.

    Sakasegawa (1977, "An approximation formula for the average waiting time in a multi-server queueing system"), for
    requests that come by themselves. Here who waits keeps others from coming: in a closed network of equal queues the
    number at one is a harmonic mean, 1 / (1 / open + 1 / workers).
    """
    load = lesser(load, _ONE - _ONE / greater(workers, _TWO))
    waiting = exponential(np.sqrt(_TWO * (servers + _ONE)) * logarithm(greater(load, _TINY * _TINY))) / (_ONE - load)
    return lesser(servers * load + waiting / (_ONE + waiting / workers), greater(workers, _ONE))
