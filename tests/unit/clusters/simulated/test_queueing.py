"""The formulas against exact results."""

from math import factorial

import numpy as np
import pytest
from scipy import stats

from clusters.simulated.queueing import attempt, fit_lognormal, share_within, stationary_waiting


def erlang_c_wait(num_servers: int, rho: float, service_seconds: float) -> float:
    """Mean wait in M/M/m (Erlang C)."""
    offered = num_servers * rho
    tail = offered**num_servers / factorial(num_servers) / (1 - rho)
    wait_ratio = tail / (sum(offered**k / factorial(k) for k in range(num_servers)) + tail)
    return wait_ratio * service_seconds / (num_servers * (1 - rho))


@pytest.mark.parametrize("num_servers", [1, 2, 4, 8])
@pytest.mark.parametrize("rho", [0.3, 0.6, 0.9])
def test_the_sojourn_is_that_of_erlang_c(num_servers: int, rho: float) -> None:
    waiting = stationary_waiting(np.array([rho]), np.array([float(num_servers)]), np.array([0.1]), scv=1.0)
    exact = erlang_c_wait(num_servers, rho, 0.1)
    assert waiting.mean[0] + 0.1 == pytest.approx(exact + 0.1, rel=0.05)


def test_one_server_has_pollaczek_khinchines_wait() -> None:
    for scv in (0.0, 0.5, 1.0):
        waiting = stationary_waiting(np.array([0.7]), np.array([1.0]), np.array([0.02]), scv=scv)
        assert waiting.mean[0] == pytest.approx(0.7 / 0.3 * 0.02 * (1 + scv) / 2)


def test_an_overloaded_queue_has_a_finite_stationary_wait() -> None:
    waiting = stationary_waiting(np.array([0.0, 0.95, 5.0]), np.ones(3), np.ones(3), scv=1.0)
    assert np.isfinite(waiting.mean).all()
    assert waiting.mean[0] == pytest.approx(0.0, abs=1e-9)
    assert waiting.mean[1] == waiting.mean[2]


def test_a_timed_out_attempt_has_the_moments_of_the_capped_lognormal() -> None:
    exact = stats.lognorm(s=0.8, scale=0.3)
    fitted = fit_lognormal(np.array([exact.mean()]), np.array([exact.var()]))
    seen = attempt(fitted, np.array([exact.mean()]), np.array([exact.var()]), np.array([0.5]))
    draws = np.minimum(exact.rvs(400_000, random_state=np.random.default_rng(0)), 0.5)
    assert seen.timeout_ratio[0] == pytest.approx(exact.sf(0.5), rel=1e-6)
    assert seen.mean[0] == pytest.approx(draws.mean(), rel=0.01)
    assert seen.second_moment[0] == pytest.approx((draws**2).mean(), rel=0.01)
    assert share_within(fitted, 0.5)[0] == pytest.approx(exact.cdf(0.5), rel=1e-6)
