"""Workers that wait for answers: the throughput of a closed network, and the line of those that wait for a worker."""

import numpy as np
import pytest

from clusters.simulated.erlang import tables
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.worker_limits import Held, WorkerLimit, fill_limit, number_at_cpu
from clusters.simulated.replicas import capacity
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.worker_limits import lines
from tests.stands import APPLICATION

WORKERS, DEMAND_SECONDS = 24.0, 0.04


def service(workers: float = WORKERS, servers: float = 1.0) -> Capacity:
    """Whose executions take DEMAND_SECONDS of one of its servers."""
    stands = SimulatedStands(APPLICATION, 1)
    now = capacity(stands._graph, stands._state)
    column = np.full((1, 1), 1.0, np.float32)
    return Capacity(*(column for _ in now))._replace(
        workers=column * np.float32(workers),
        cpu_servers=column * np.float32(servers),
        cpu_ms=column * np.float32(1000.0 * servers),
    )


def held(seconds: float, slope: float, rate: float, free: float = 0.0) -> Held:
    """Of so many workers that nobody has."""
    values = (seconds, slope, rate, 1.0, WORKERS - free, 0.0)
    return Held(*(np.full((1, 1), value, np.float32) for value in values))


def worker_limit(now: Capacity, work_ms: np.ndarray, time: Held) -> WorkerLimit:
    limit = WorkerLimit(*(np.empty_like(work_ms) for _ in WorkerLimit._fields))
    fill_limit(now, work_ms, time, limit, 0)
    return limit


def throughput(workers: float, *demands: float, think: float = 0.0) -> float:
    """Exact mean value analysis of single servers."""
    queues, rate = np.zeros(len(demands)), 0.0
    for n in range(1, round(workers) + 1):
        times = np.array(demands) * (1.0 + queues)
        rate = n / (times.sum() + think)
        queues = rate * times
    return rate


def queues_held(rate: float, *demands: float, think: float = 0.0) -> Held:
    """The callees' time as it is at this rate, with no more in them than there are workers."""
    times = np.array(demands) / np.maximum(1.0 - rate * np.array(demands), 1.0 / WORKERS)
    return held(times.sum() + think, (times * times).sum(), rate)


WORK_MS = np.full((1, 1), 1e3 * DEMAND_SECONDS, np.float32)


@pytest.mark.parametrize(
    ("demands", "think", "error"),
    [
        ((), 0.0, 1e-3),
        ((0.04,) * 5, 0.0, 1e-3),
        ((0.038, 0.036, 0.039, 0.03), 0.1, 0.03),
        ((0.01, 0.01), 3.0, 0.03),
        ((0.02, 0.05), 0.5, 0.07),  # beyond what the slowest can, how far beyond is not known
    ],
)
def test_the_throughput_settles_at_that_of_a_closed_network(
    demands: tuple[float, ...], think: float, error: float
) -> None:
    """From the present rate to the next until it settles; callees of equal speed, faster, mere waiting, and slower."""
    rate = 0.0
    for _ in range(12):
        rate = float(worker_limit(service(), WORK_MS, queues_held(rate, *demands, think=think)).rate[0, 0])
    assert rate == pytest.approx(throughput(WORKERS, DEMAND_SECONDS, *demands, think=think), rel=error)


def test_free_workers_take_in_more_than_the_callees_do() -> None:
    """Ten of them in ten seconds, one more each second."""
    slow = queues_held(15.0, 0.06)
    full = worker_limit(service(), WORK_MS, slow).rate
    free = worker_limit(service(), WORK_MS, slow._replace(number=np.full((1, 1), WORKERS - 10.0, np.float32))).rate
    np.testing.assert_allclose(free - full, 1.0, rtol=1e-3)


def test_a_line_forms_before_all_workers_are_held_in_the_mean() -> None:
    """Birth and death: n requests in the network leave at the rate of n customers; with more, they wait in line."""
    demands, rate = (0.04,) * 4, 18.0
    limit = worker_limit(service(), WORK_MS, queues_held(rate, *demands))
    admitted = np.full((1, 1), rate, np.float32)
    reach = np.full((1, 1), 60.0, np.float32)
    line = lines(service(), limit, admitted, np.zeros((1, 1), np.int64), reach)
    assert line.server_rows[0, 0] > 0, "not the queue for the CPU"
    computing = number_at_cpu(np.float32(rate * DEMAND_SECONDS), np.float32(1.0), np.float32(WORKERS))
    np.testing.assert_allclose(line.computing * rate / limit.rate, computing, rtol=1e-5)
    np.testing.assert_allclose(reach - line.computing, 60.0 - WORKERS, rtol=1e-5)  # so many can stand in line
    leaving = [throughput(min(n, WORKERS), DEMAND_SECONDS, *demands) for n in range(1, 400)]
    share = np.concatenate([[1.0], np.cumprod(rate / np.array(leaving))])
    waiting = (share * np.maximum(np.arange(400) - WORKERS, 0.0)).sum() / share.sum()
    table, load = tables(), rate / float(limit.rate[0, 0])
    shift = table.shifts[line.server_rows[0, 0] + int(load * 128)]
    level = (1.0 + load) / (2.0 * (1.0 - load))
    assert level * np.exp(-shift / level) == pytest.approx(waiting, rel=0.3)
    assert load * float(line.waits[0, 0]) / (1.0 - load) == pytest.approx(waiting, rel=0.5)


def test_where_the_cpu_is_scarcest_the_queue_is_the_cpus() -> None:
    limit = worker_limit(service(), WORK_MS, queues_held(10.0, 0.001))
    np.testing.assert_allclose(limit.rate, limit.cpu_rate, rtol=1e-3)
    rows = np.full((1, 1), 7, np.int64)
    cpu_only = WorkerLimit(limit.cpu_rate, limit.cpu_rate, limit.pole, limit.stations)
    reach = np.full((1, 1), 60.0, np.float32)
    line = lines(service(), cpu_only, np.full((1, 1), 10.0, np.float32), rows, reach)
    np.testing.assert_array_equal(reach, 60.0)
    np.testing.assert_array_equal(line.waits, 1.0)
    np.testing.assert_array_equal(line.server_rows, rows)
    np.testing.assert_allclose(line.computing, 1.0)


@pytest.mark.parametrize("queues", [2, 4, 6, 12])
def test_a_cpu_whose_callers_wait_for_it_has_the_number_of_a_closed_network(queues: int) -> None:
    load = WORKERS / (WORKERS + queues - 1.0)
    number = number_at_cpu(np.float32(load), np.float32(1.0), np.float32(WORKERS))
    assert number == pytest.approx(WORKERS / queues, rel=0.07)
