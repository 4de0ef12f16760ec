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

from clusters.simulated.erlang import server_rows
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.replicas import Capacity

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_TINY = np.float32(1e-6)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_PER_TICK = np.float32(1.0 / TICK_SECONDS)
_MOST_LOAD = np.float32(0.99)
"""Beyond, a line is in overload, and its stationary state is not asked for."""
_MOST_SERVERS = np.float32(4096.0)


class Held(NamedTuple):
    """[...] how long a request holds its worker after its CPU time, in steady state."""

    seconds: Floats
    slope: Floats
    """How much longer per request per second more."""
    rate: Floats
    """Requests per second at which that is so."""
    stuck: Floats
    """How often a request meets what makes it longer."""
    free: Floats
    """Workers that nobody has."""


class WorkerLimit(NamedTuple):
    """[...] requests per second."""

    rate: Floats
    """That CPU and workers allow."""
    cpu_rate: Floats
    """That the CPU alone would."""
    pole: Floats
    """That no number of workers could exceed."""
    stations: Floats
    """Queues of the closed network: 1 where there is but the bottleneck, many where most of the time is no queue."""


def worker_limit(capacity: Capacity, work_ms: Floats, held: Held) -> WorkerLimit:
    """What CPU and workers allow.

    The service's own CPU is one of the network's queues, of which `workers` customers leave it at least one part free.

    Args:
        capacity: of these services.
        work_ms: [...] CPU time of a request.
        held: the time after it.
    """
    cpu_rate: Floats = np.maximum(np.maximum(capacity.cpu_ms, _TINY) / np.maximum(work_ms, _TINY), _TINY)
    others = np.maximum(capacity.workers - _ONE, _ZERO)
    spare = np.maximum(cpu_rate - held.rate, cpu_rate / (others + _ONE))
    seconds = (capacity.cpu_servers - _ONE) / cpu_rate + _ONE / spare + held.seconds
    slope = _ONE / (spare * spare) + held.slope
    pole = held.rate + seconds / slope
    stations = seconds * seconds / slope
    rate: Floats = capacity.workers * pole / (others + stations)
    rate += np.maximum(held.free, _ZERO) * _PER_TICK / held.stuck
    np.minimum(rate, cpu_rate, out=rate)
    np.maximum(rate, _TINY, out=rate)
    return WorkerLimit(rate, cpu_rate, pole, stations)


class Line(NamedTuple):
    """[S, N] what a service's queue is to `queueing`."""

    computing: Floats
    """Requests at the CPU while the queue is not empty."""
    server_rows: Ints
    """Rows of `erlang`'s table."""


def lines(capacity: Capacity, limit: WorkerLimit, admitted: Floats, cpu_rows: Ints) -> Line:
    """The queue for the CPU, or where workers are scarcer, the line for a worker.

    The requests in a closed network whose workers are not all held are distributed as a negative binomial with
    `stations` and admitted / pole (a birth-death process with rates pole n / (n - 1 + stations)). A line forms where
    they would be more than the workers: as often as in an Erlang queue whose servers are as many of its deviations
    from the mean away.

    Args:
        capacity: of the services.
        limit: of the services.
        admitted: [S, N] requests per second.
        cpu_rows: [S, N] rows of the table for the CPU.
    """
    computing = capacity.cpu_servers * (limit.rate / limit.cpu_rate)
    scarce = np.flatnonzero(limit.rate < limit.cpu_rate)
    if not len(scarce):
        return Line(computing, cpu_rows)
    rate, cpu_rate, pole, stations = (values.ravel()[scarce] for values in limit)
    workers, servers = capacity.workers.ravel()[scarce], capacity.cpu_servers.ravel()[scarce]
    load = np.minimum(admitted.ravel()[scarce] / rate, _ONE)
    calm_load = np.minimum(load, _MOST_LOAD)
    share = np.minimum(calm_load * rate / pole, _MOST_LOAD)
    mean = np.maximum(stations * share / (_ONE - share), _TINY)
    room = np.maximum(workers - mean, _ZERO)
    alike = calm_load * room * room * (_ONE - share) / (mean * (_ONE - calm_load) * (_ONE - calm_load))
    rows = cpu_rows.copy()
    rows.reshape(-1)[scarce] = server_rows(np.clip(alike, _ONE, _MOST_SERVERS))
    number = at_cpu(load * rate / cpu_rate, servers, workers)
    computing.reshape(-1)[scarce] = number / np.maximum(load, np.float32(1e-3))
    return Line(computing, rows)


def at_cpu(load: Floats, servers: Floats, workers: Floats) -> Floats:
    """[...] requests that compute or wait for the CPU: all that may are `workers`.

    Sakasegawa (1977, "An approximation formula for the average waiting time in a multi-server queueing system").
    """
    load = np.minimum(load, _ONE - _ONE / np.maximum(workers, _TWO))
    waiting = load ** np.sqrt(_TWO * (servers + _ONE)) / (_ONE - load)
    number: Floats = np.minimum(servers * load + waiting, np.maximum(workers, _ONE))
    return number
