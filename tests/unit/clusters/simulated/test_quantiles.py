"""Percentiles of mixtures against exact ones."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize, stats

from clusters.simulated.quantiles import mixture_p95


def parts_of(*weighted: tuple[float, stats.rv_continuous]) -> NDArray[np.float64]:
    """[3, P] sums of weighted distributions."""
    rows = [(weight, weight * d.mean(), weight * (d.var() + d.mean() ** 2)) for weight, d in weighted]
    return np.array(rows).T


def groups(*members: tuple[int, ...]) -> list[NDArray[np.int64]]:
    return [np.array(group, dtype=np.int64) for group in members]


def test_one_part_has_its_own_percentile_and_a_call_chains_nearly() -> None:
    chain = stats.gamma(a=4.0, scale=25.0)  # four exponential stages of 25 ms
    parts = parts_of((7.0, stats.lognorm(s=0.5, scale=20.0)), (3.0, chain))
    exact, near = mixture_p95(parts, groups((0,), (1,)))
    assert exact == pytest.approx(stats.lognorm(s=0.5, scale=20.0).ppf(0.95), rel=1e-6)
    assert near == pytest.approx(chain.ppf(0.95), rel=0.11)


@pytest.mark.parametrize("slow_share", [0.02, 0.08, 0.5])
def test_a_slow_part_in_a_fast_one(slow_share: float) -> None:
    fast, slow = stats.lognorm(s=0.6, scale=50.0), stats.lognorm(s=0.4, scale=600.0)
    parts = parts_of((1.0 - slow_share, fast), (slow_share, slow))
    exact = optimize.brentq(lambda x: (1 - slow_share) * fast.cdf(x) + slow_share * slow.cdf(x) - 0.95, 1.0, 10_000.0)
    assert mixture_p95(parts, groups((0, 1)))[0] == pytest.approx(exact, rel=0.01)


def test_parts_without_requests_do_not_count_and_a_group_of_none_is_undefined() -> None:
    parts = np.concatenate([parts_of((5.0, stats.lognorm(s=0.5, scale=20.0))), np.zeros((3, 2))], axis=1)
    mixed, alone, empty, nothing = mixture_p95(parts, groups((0, 1), (0,), (1, 2), ()))
    assert mixed == pytest.approx(alone, rel=1e-6)
    assert np.isnan(empty)
    assert np.isnan(nothing)
