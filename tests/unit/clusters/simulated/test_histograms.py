"""Percentiles from histogram buckets: the interpolation, its caps, and what it does to a known distribution."""

import numpy as np
import pytest

from clusters.simulated.histograms import BOUNDS_MS, histogram_p95, histogram_quantile


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


def test_a_rank_is_placed_evenly_inside_its_bucket() -> None:
    # 100 requests: 90 within 10 ms, 98 within 50 ms. Rank 95 is 5 of the 8 that lie between 10 and 50: 10 + 40 * 5/8.
    cumulative = np.array([0, 10, 40, 60, 90, 98, *[100] * 11], dtype=np.float64)
    assert histogram_quantile(0.95, cumulative[:, None])[0] == pytest.approx(35.0)
    # Rank 5 is 5 of the first 10, which lie between 2 and 4.
    assert histogram_quantile(0.05, cumulative[:, None])[0] == pytest.approx(3.0)


def test_the_first_bucket_starts_at_zero() -> None:
    cumulative = np.full(17, 10.0)
    assert histogram_quantile(0.5, cumulative[:, None])[0] == pytest.approx(1.0)


def test_beyond_the_last_bound_the_last_bound_is_the_answer() -> None:
    cumulative = np.array([0.0] * 16 + [4.0])
    assert histogram_quantile(0.95, cumulative[:, None])[0] == 15000.0


def test_no_request_has_no_percentile() -> None:
    assert np.isnan(histogram_quantile(0.95, np.zeros((17, 1))))[0]


def test_all_histograms_at_once_are_as_prometheus_computes_each() -> None:
    random = np.random.default_rng(3)
    counts = np.cumsum(random.integers(0, 5, (17, 4, 50)), axis=0).astype(np.float64)
    counts[-1] += 1
    for quantile in (0.5, 0.9, 0.95, 0.99):
        found = histogram_quantile(quantile, counts).ravel()
        columns = counts.reshape(17, -1).T.tolist()
        expected = [bucket_quantile(quantile, column, BOUNDS_MS.tolist()) for column in columns]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_percentile_of_a_mixture_lies_where_its_histogram_puts_it() -> None:
    # Part 0 takes up to 40 ms, evenly; part 1 up to 4 s. 95.5 of 100 requests are of part 0.
    longest, weight = np.array([[40.0], [4000.0]]), np.array([[95.5], [4.5]])

    def share_within(limit: float) -> np.ndarray:
        return np.minimum(limit / longest, 1.0)

    def group_sum(rows: np.ndarray) -> np.ndarray:
        """Both parts together, the second alone, and none."""
        return np.stack([rows[0] + rows[1], rows[1], 0.0 * rows[1]])

    both, slow_alone, none = histogram_p95(share_within, weight, group_sum)[:, 0]
    # Rank 95 of 100, of which 10 ms hold 95.5 / 4 and 50 ms 95.5, and a little of the slow ones.
    within_10, within_50 = 95.5 / 4 + 4.5 * 10 / 4000, 95.5 + 4.5 * 50 / 4000
    assert both == pytest.approx(10 + 40 * (95 - within_10) / (within_50 - within_10))
    # 3800 of 4000 ms lies between 2000 and 5000, where the histogram has half of the requests.
    assert slow_alone == pytest.approx(2000 + 3000 * 0.45 / 0.5)
    assert np.isnan(none)
