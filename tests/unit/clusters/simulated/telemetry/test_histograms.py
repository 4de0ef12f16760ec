"""Percentiles from histogram buckets: the interpolation, its caps, and what it does to a known distribution."""

import numpy as np
import pytest

from clusters.simulated.telemetry.histograms import BOUNDS_MS, histogram_quantile


def bucket_quantile(quantile: float, counts: list[float], bounds: list[float]) -> float:
    """`BucketQuantile` of promql/quantile.go, one histogram at a time; the last count has the bound +Inf."""
    rank = quantile * counts[-1]
    bucket = next((b for b, count in enumerate(counts[:-1]) if count >= rank), len(bounds))
    if bucket == len(bounds):
        return bounds[-1]
    start, count = 0.0, counts[bucket]
    if bucket > 0:
        start = bounds[bucket - 1]
        count -= counts[bucket - 1]
        rank -= counts[bucket - 1]
    return start + (bounds[bucket] - start) * (rank / count)


def of_counts(counts: list[float], quantile: float = 0.95) -> float:
    """The quantile of requests that lie evenly between the bounds, so many up to each; the rest lie beyond the last."""
    bounds = np.array([0.0, *BOUNDS_MS, 30_000.0])
    shares = np.array([0.0, *counts]) / counts[-1]
    exact = np.interp(quantile, shares, bounds)
    found = histogram_quantile(quantile, np.array([exact]), lambda limit: np.interp(limit, bounds, shares))
    return float(found[0])


def test_a_rank_is_placed_evenly_inside_its_bucket() -> None:
    # 100 requests: 90 within 10 ms, 98 within 50 ms. Rank 95 is 5 of the 8 that lie between 10 and 50: 10 + 40 * 5/8.
    counts = [0.0, 10, 40, 60, 90, 98, *[100] * 11]
    assert of_counts(counts) == pytest.approx(35.0)
    # Rank 5 is 5 of the first 10, which lie between 2 and 4.
    assert of_counts(counts, 0.05) == pytest.approx(3.0)


def test_the_first_bucket_starts_at_zero() -> None:
    assert of_counts([10.0] * 17, 0.5) == pytest.approx(1.0)


def test_beyond_the_last_bound_the_last_bound_is_the_answer() -> None:
    assert of_counts([0.0] * 16 + [4.0]) == 15000.0


def test_no_request_has_no_percentile() -> None:
    found = histogram_quantile(0.95, np.array([np.nan, 20.0]), lambda limit: np.minimum(limit / 21.0, 1.0))
    assert np.isnan(found).tolist() == [True, False]


def test_all_distributions_at_once_are_as_prometheus_computes_each() -> None:
    means = np.random.default_rng(3).lognormal(4.0, 2.0, (4, 50))

    def cdf(limit: np.ndarray) -> np.ndarray:
        """Of exponential times with these means."""
        return 1.0 - np.exp(-limit / means)

    for quantile in (0.5, 0.9, 0.95, 0.99):
        found = histogram_quantile(quantile, -means * np.log(1.0 - quantile), cdf)
        counts = np.stack([*(cdf(np.full_like(means, bound)) for bound in BOUNDS_MS), np.ones_like(means)])
        columns = counts.reshape(17, -1).T.tolist()
        expected = [bucket_quantile(quantile, column, BOUNDS_MS.tolist()) for column in columns]
        np.testing.assert_allclose(found.ravel(), expected, rtol=1e-9)


def test_a_quantile_that_is_known_only_nearly_stays_next_to_its_bound() -> None:
    # The true quantile is 50.0, a bound; the bucket above it starts there.
    found = histogram_quantile(0.95, np.array([50.1]), lambda limit: np.minimum(limit / 50.0 * 0.95, 1.0))
    assert found[0] == pytest.approx(50.0)
