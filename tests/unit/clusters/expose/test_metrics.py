"""Histograms that tell the percentile they were made of, and counters that lose nothing."""

import numpy as np
import pytest

from clusters.expose.metrics import BOUNDS_MS, Identity, counter, gauge, histogram
from clusters.simulated.telemetry.histograms import histogram_quantile

IDENTITY = Identity(name="x", service="cart")


@pytest.mark.parametrize(("mean", "p95"), [(10.0, 20.0), (30.0, 31.0), (50.0, 900.0), (5.0, 4.0), (1.0, 40000.0)])
def test_a_percentile_comes_back_whatever_the_mean_is(mean: float, p95: float) -> None:
    requests = np.array([10000.0])
    made = histogram(IDENTITY, requests, np.array([mean]), np.array([p95]))
    below = np.concatenate([[0], made.counts[-1].cumsum()])

    def cdf(limit: np.ndarray) -> np.ndarray:
        return np.interp(limit, np.concatenate([[0.0], BOUNDS_MS]), below[:-1]) / 10000.0

    assert histogram_quantile(0.95, np.array([p95]), cdf, BOUNDS_MS) == pytest.approx(p95, rel=0.03)
    assert made.sums[-1] / made.counts[-1].sum() == pytest.approx(mean)


def test_parts_of_requests_are_carried_over() -> None:
    made = histogram(IDENTITY, np.full(10, 0.25), np.full(10, 5.0), np.full(10, 9.0))
    assert made.counts.sum(axis=1).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]


def test_what_is_not_known_adds_nothing_to_a_counter_and_leaves_a_gauge_out() -> None:
    growth = np.array([1.0, np.nan, 2.0])
    assert counter(IDENTITY, growth).values.tolist() == [0.0, 1.0, 1.0, 3.0]
    assert np.isnan(gauge(IDENTITY, growth).values).tolist() == [True, False, True, False]
    made = histogram(IDENTITY, growth, np.array([1.0, np.nan, np.nan]), np.array([2.0, np.nan, np.nan]))
    assert made.counts.sum(axis=1).tolist() == [0, 1, 1, 1]
