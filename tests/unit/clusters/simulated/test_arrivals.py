"""Users' requests of a tick: as many as planned in the mean, as spread as a Poisson number, held back where told."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.simulated.arrivals import draw_arrivals
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.state import StandState
from tests.stands import APPLICATION, running, scenario

NUM_STANDS = 40_000


def state_at(rate_rps: float) -> StandState:
    """Many copies of a stand that expects so many requests a second, by the application's own mix."""
    state = running(1)._state.take(np.zeros(NUM_STANDS, dtype=np.int64))
    state.rates_rps[...] = rate_rps
    return state


def draws(state: StandState) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(state.mix.shape).astype(np.float32)


@pytest.mark.parametrize("rate_rps", [2.0, 100.0])
def test_mean_and_variance_are_those_of_a_poisson_number(rate_rps: float) -> None:
    state = state_at(rate_rps)
    arrivals = draw_arrivals(state, draws(state))
    numbers, expected = arrivals.planned * TICK_SECONDS, state.mix * rate_rps * TICK_SECONDS
    assert numbers.mean(axis=1) == pytest.approx(expected[:, 0], rel=0.05)
    assert numbers.var(axis=1) == pytest.approx(expected[:, 0], rel=0.15)
    assert arrivals.drawn.mean() == pytest.approx(1.0, abs=0.02)
    assert arrivals.drawn.var(axis=1) == pytest.approx(1.0 / expected[:, 0], rel=0.15)
    assert arrivals.mean.sum(axis=0) == pytest.approx(rate_rps, rel=1e-5)


def test_a_rate_limit_admits_so_much_of_what_came_and_of_what_was_expected() -> None:
    state = state_at(100.0)
    state.rate_limit_rps[...] = 60.0
    arrivals = draw_arrivals(state, draws(state))
    np.testing.assert_allclose(arrivals.mean.sum(axis=0), 60.0, rtol=1e-5)
    np.testing.assert_allclose(arrivals.sent.sum(axis=0) * arrivals.admitted_ratio, 60.0, rtol=1e-4)
    np.testing.assert_allclose((arrivals.mean * arrivals.drawn).sum(axis=0), 60.0, rtol=1e-4)


def test_nobody_comes_where_nobody_is_expected() -> None:
    state = state_at(0.0)
    arrivals = draw_arrivals(state, draws(state))
    assert not arrivals.planned.any() and not arrivals.mean.any()
    assert (arrivals.drawn == 1.0).all()


def test_users_of_a_closed_loop_come_more_slowly_when_answers_do() -> None:
    state = state_at(100.0)
    state.think_seconds[...], state.entry_seconds[...] = 3.0, 1.0
    np.testing.assert_allclose(draw_arrivals(state, draws(state)).mean.sum(axis=0), 75.0, rtol=1e-5)


def test_a_trace_is_read_step_by_step_and_its_last_rate_holds() -> None:
    trace = scenario()
    steps = replace(trace, workload=replace(trace.workload, rates_rps=(10.0, 20.0, 40.0), step_seconds=15.0))
    stands = SimulatedStands(APPLICATION, 1)
    stands.reset([0], [steps], [0])
    state = stands._state.take(np.zeros(6, dtype=np.int64))
    state.tick[...] = np.arange(6)
    arrivals = draw_arrivals(state, np.zeros_like(state.mix))
    np.testing.assert_allclose(arrivals.mean.sum(axis=0), [10.0, 10.0, 20.0, 40.0, 40.0, 40.0], rtol=1e-5)
