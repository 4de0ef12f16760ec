"""The lognormal of a mean and a 95th percentile, against draws from it."""

import numpy as np
import pytest

from clusters.simulated.streams.lognormals import share_above, sigma_of, variance_of


@pytest.mark.parametrize("sigma", [0.2, 0.8, 1.5])
def test_it_has_the_mean_and_the_percentile_that_it_was_given(sigma: float) -> None:
    draws = np.random.default_rng(0).lognormal(2.0, sigma, 400_000)
    mean, p95 = float(draws.mean()), float(np.percentile(draws, 95))
    assert sigma_of(mean, p95) == pytest.approx(sigma, rel=0.05)
    assert share_above(p95, mean, p95) == pytest.approx(0.05, rel=0.03)
    assert share_above(2 * mean, mean, p95) == pytest.approx(float((draws > 2 * mean).mean()), rel=0.05)


def test_its_variance() -> None:
    draws = np.random.default_rng(0).lognormal(1.0, 0.5, 400_000)
    found = variance_of(float(draws.mean()), float(np.percentile(draws, 95)))
    assert found == pytest.approx(float(draws.var()), rel=0.05)


def test_what_no_lognormal_has_is_as_wide_as_can_be_and_nothing_measured_is_nothing() -> None:
    assert sigma_of(1.0, 100.0) == pytest.approx(1.645, abs=1e-3)
    assert sigma_of(1.0, 0.5) == pytest.approx(0.0, abs=1e-2)
    assert variance_of(0.0, 0.0) == 0.0
    assert share_above(10.0, 0.0, 0.0) == 0.0
    assert share_above(10.0, float("nan"), float("nan")) == 0.0
