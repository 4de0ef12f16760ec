"""One queue, tick by tick, against what is known of queues."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from clusters.simulated.erlang import server_rows
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.queueing import Draws, QueueStep, step_queues

NUM = 4000
Floats = NDArray[np.float32]


def erlang_number(rho: float, servers: int) -> float:
    """Mean number in the system of a queue of m servers (Erlang C)."""
    load = rho * servers
    terms = [load**k / math.factorial(k) for k in range(servers)]
    last = load**servers / math.factorial(servers) / (1.0 - rho)
    return load + last / (sum(terms) + last) * rho / (1.0 - rho)


def play(rates: list[float], capacity: float, servers: int, bound: float = 1e9, reach: float = 1e9) -> list[QueueStep]:
    """NUM queues of so many servers, which together serve `capacity` requests a second; one step per rate."""
    rng = np.random.default_rng(3)
    shape = (1, NUM)
    backlog, steps = np.zeros(shape, np.float32), []
    rows = server_rows(np.full(shape, servers, np.float32))
    for rate in rates:
        draws = Draws(
            move=rng.standard_normal(shape, np.float32),
            dip=rng.standard_exponential(shape, np.float32),
            average=rng.standard_normal(shape, np.float32),
        )
        columns = [np.full(shape, value, np.float32) for value in (rate, capacity, servers)]
        bounds = [np.full(shape, value, np.float32) for value in (bound, reach, reach)]
        steps.append(step_queues(backlog, *columns, rows, rows, *bounds, np.ones(shape, np.float32), draws))
        backlog = steps[-1].backlog
    return steps


@pytest.mark.parametrize("servers", [1, 3, 24])
@pytest.mark.parametrize("rho", [0.3, 0.6, 0.83])
def test_a_stable_queue_has_erlangs_mean_number(servers: int, rho: float) -> None:
    steps = play([100.0 * rho] * 60, 100.0, servers)
    mean = np.mean([step.number for step in steps[20:]])
    assert mean == pytest.approx(erlang_number(rho, servers), rel=0.03)


def test_the_time_average_of_a_stable_queue_varies_as_theory_says() -> None:
    rho, rate = 0.7, 100.0
    steps = play([rate * rho] * 200, rate, 1)
    minutes = np.array([step.number[0] for step in steps[8:]]).reshape(-1, 12, NUM).mean(axis=1)
    # Whitt (1989): the asymptotic variance of the time average of an M/M/1 queue.
    asymptotic = 2.0 * rho * (1.0 + rho) / (rate * (1.0 - rho) ** 4)
    assert minutes.std() == pytest.approx(math.sqrt(asymptotic / (12 * TICK_SECONDS)), rel=0.12)


@pytest.mark.parametrize("servers", [1, 3, 6, 12])
@pytest.mark.parametrize("rho", [0.8, 0.95, 1.1])
def test_of_few_who_can_be_there_those_who_are_served_do_not_wait(rho: float, servers: int) -> None:
    reach, rate = 20, 50.0
    steps = play([rate * rho] * 40, rate, servers, reach=reach)
    number = np.arange(reach + 1)
    # M/M/m/K.
    odds = np.concatenate([[0.0], np.cumsum(np.log(rho * servers / np.minimum(number[1:], servers)))])
    chances = np.exp(odds) / np.exp(odds).sum()
    assert np.mean([step.number.mean() for step in steps[10:]]) == pytest.approx(float(chances @ number), rel=0.05)


@pytest.mark.parametrize("rho", [0.8, 0.95, 1.1])
def test_a_queue_that_few_can_reach_settles_within_a_tick(rho: float) -> None:
    reach, rate = 20, 50.0
    steps = play([rate * rho] * 40, rate, 1, reach=reach)
    numbers = np.array([step.number[0] for step in steps[10:]])
    # M/M/1/K: the chance of n is proportional to rho^n; its time average by the chain's fundamental matrix.
    chances = rho ** np.arange(reach + 1) / np.sum(rho ** np.arange(reach + 1))
    mean = float(chances @ np.arange(reach + 1))
    assert numbers.mean() == pytest.approx(mean, rel=0.1)
    generator = np.diag(np.full(reach, rate * rho), 1) + np.diag(np.full(reach, rate), -1)
    generator -= np.diag(generator.sum(axis=1))
    fundamental = np.linalg.inv(chances[None, :] - generator)
    deviations = np.arange(reach + 1) - mean
    variance = 2.0 * float((chances * deviations) @ fundamental @ deviations) / TICK_SECONDS
    assert numbers.std() == pytest.approx(math.sqrt(variance), rel=0.2)
    following = np.corrcoef(numbers[:-1].ravel(), numbers[1:].ravel())[0, 1]
    assert abs(following) < 0.1


@pytest.mark.parametrize(("servers", "variance"), [(1, 2.0 * 1.1 / 0.9**4), (24, 2.0)])
def test_where_nothing_waits_as_many_compute_as_came(servers: int, variance: float) -> None:
    rng, rho, rate, shape = np.random.default_rng(5), 0.1, 10.0, (1, NUM)
    came = rng.normal(1.0, 1.0 / math.sqrt(rate * TICK_SECONDS), shape).astype(np.float32)
    draws = Draws(
        move=rng.standard_normal(shape, np.float32),
        dip=rng.standard_exponential(shape, np.float32),
        average=rng.standard_normal(shape, np.float32),
    )
    columns = [np.full(shape, value, np.float32) for value in (0.0, rate, rate / rho, servers)]
    rows = server_rows(columns[-1])
    far = np.full(shape, 1e9, np.float32)
    number = step_queues(*columns, rows, rows, far, far, far, came, draws).number[0]
    assert number.mean() == pytest.approx(erlang_number(rho, servers), rel=0.05)
    # Of how many come and how long each takes: M/M/1 (Whitt 1989), and nearly M/M/infinity: rate E[S^2] over the tick.
    assert number.std() / (rho * servers) == pytest.approx(math.sqrt(variance / (rate * TICK_SECONDS)), rel=0.1)
    assert np.corrcoef(number, came[0])[0, 1] == pytest.approx(math.sqrt(1.0 / variance), abs=0.1)


def test_an_overload_grows_by_what_is_too_much_and_is_worked_off() -> None:
    steps = play([80.0] * 6 + [120.0] * 12 + [60.0] * 12, 100.0, 1)
    ends = [float(step.backlog.mean()) for step in steps]
    assert ends[17] - ends[9] == pytest.approx(20.0 * 8 * TICK_SECONDS, rel=0.02)
    assert steps[17].backlog.std() == pytest.approx(math.sqrt(220.0 * 12 * TICK_SECONDS), rel=0.15)
    assert ends[19] - ends[18] == pytest.approx(-40.0 * TICK_SECONDS, rel=0.05)
    assert float(steps[-1].number.mean()) == pytest.approx(1.5, rel=0.1)


def test_a_bounded_line_turns_the_rest_away() -> None:
    steps = play([150.0] * 20, 100.0, 1, bound=50.0)
    assert max(float(step.backlog.max()) for step in steps) <= 50.0
    assert float(steps[-1].overflow.mean()) == pytest.approx(50.0 * TICK_SECONDS, rel=0.05)


def test_more_load_or_fewer_servers_never_mean_fewer_requests() -> None:
    numbers = [float(np.mean(play([rate] * 12, 100.0, 2)[-1].number)) for rate in (20.0, 50.0, 80.0, 99.0, 130.0)]
    assert numbers == sorted(numbers)
    assert float(play([0.0] * 3, 100.0, 2)[-1].number.max()) < 0.05


def test_a_queue_without_a_bound_does_not_depend_on_others_that_have_one() -> None:
    rng = np.random.default_rng(4)
    shape = (1, NUM)
    draws = Draws(*(np.abs(rng.standard_normal((3, *shape), np.float32))))
    columns = [np.full(shape, value, np.float32) for value in (5.0, 45.0, 50.0, 1.0)]
    rows = server_rows(columns[-1])
    far = np.full(shape, 1e9, np.float32)
    mixed = np.where(np.arange(NUM) < NUM // 2, far, np.float32(20.0))
    alone, beside = (
        step_queues(*columns, rows, rows, far, far, reach, np.ones(shape, np.float32), draws) for reach in (far, mixed)
    )
    for one, other in zip(alone, beside, strict=True):
        np.testing.assert_array_equal(one[:, : NUM // 2], other[:, : NUM // 2])
    assert (alone.number[:, NUM // 2 :] != beside.number[:, NUM // 2 :]).any()
