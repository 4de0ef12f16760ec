"""Percentiles as Prometheus computes them from the classic histograms of the OpenTelemetry Demo's collector.

A histogram knows how many requests were at most as slow as each of its bounds, and nothing between two bounds: what it
says of a latency of 60 ms is "between 50 and 100".
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BOUNDS_MS: Final[Floats] = np.array(
    [2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10000, 15000], dtype=np.float64
)
"""Upper bounds of the span metrics connector's buckets by default; one more bucket has none."""
_NO_REQUESTS = 1e-6


def histogram_quantile(quantile: float, cumulative: Floats, bounds: Floats = BOUNDS_MS) -> Floats:
    """What `histogram_quantile` of PromQL returns for a classic histogram.

    The bucket that holds the rank `quantile * count` is found, and the rank is placed inside it as if its requests
    were spread evenly; in the bucket without a bound the answer is the last bound, and the first bucket starts at 0.
    Source: Prometheus, "Query functions", histogram_quantile; `BucketQuantile` in promql/quantile.go.

    Args:
        quantile: in (0, 1).
        cumulative: [B + 1, ...] requests that were at most as slow as each bound, the last of them all requests.
        bounds: [B] upper bounds, ascending.

    Returns:
        [...] in the bounds' unit; NaN where there was no request.
    """
    total = cumulative[-1]
    rank = quantile * total
    # The first bucket whose cumulative count reaches the rank.
    bucket = np.minimum((cumulative[:-1] < rank).sum(axis=0), len(bounds))
    inside = np.minimum(bucket, len(bounds) - 1)
    below = np.where(inside > 0, np.take_along_axis(cumulative, np.maximum(inside - 1, 0)[None], axis=0)[0], 0.0)
    within = np.take_along_axis(cumulative, inside[None], axis=0)[0] - below
    start = np.where(inside > 0, bounds[np.maximum(inside - 1, 0)], 0.0)
    share = np.divide(rank - below, within, out=np.zeros_like(rank), where=within > 0)
    value = np.where(bucket == len(bounds), bounds[-1], start + (bounds[inside] - start) * share)
    return np.where(total > _NO_REQUESTS, value, np.nan)


def histogram_p95(parts: Floats, groups: Sequence[Ints]) -> Floats:
    """95th percentile of each group's mixture of lognormals as its histogram tells it.

    Args:
        parts: [3, P, ...] sums of requests, latencies in milliseconds and squared latencies of each part.
        groups: [G] the parts that each group mixes.

    Returns:
        [G, ...] milliseconds; NaN where a group has no requests.
    """
    weight = parts[0]
    some = weight > _NO_REQUESTS
    safe = np.where(some, weight, 1.0)
    mean = np.where(some, parts[1] / safe, 1.0)
    mu, sigma = _fit_lognormal(mean, np.where(some, parts[2] / safe, 1.0) - mean * mean)
    result = np.full((len(groups), *weight.shape[1:]), np.nan)
    within = np.stack([ndtr((bound - mu) / sigma) for bound in np.log(BOUNDS_MS)])
    counts = np.concatenate([np.where(some, weight, 0.0) * within, np.where(some, weight, 0.0)[None]])
    for g, members in enumerate(groups):
        if len(members):
            cumulative = counts[:, members[0]].copy()
            for member in members[1:]:
                cumulative += counts[:, member]
            result[g] = histogram_quantile(0.95, cumulative)
    return result


def _fit_lognormal(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of the logarithm of the lognormal with these moments."""
    spread = np.log1p(np.maximum(variance / (mean * mean), 1e-6))
    return np.log(mean) - 0.5 * spread, np.sqrt(spread)
