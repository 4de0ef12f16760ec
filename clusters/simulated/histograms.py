"""Percentiles as Prometheus computes them from the classic histograms of the OpenTelemetry Demo's collector.

A histogram knows how many requests were at most as slow as each of its bounds, and nothing between two bounds: what it
says of a latency of 60 ms is "between 50 and 100".
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

BOUNDS_MS: Final[NDArray[np.float64]] = np.array(
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


def histogram_p95(
    share_within: Callable[[float], Floats], weight: Floats, group_sum: Callable[[Floats], Floats]
) -> Floats:
    """95th percentile of mixtures, as their histograms tell it.

    Args:
        share_within: [P, ...] share of each part's requests that take at most so many milliseconds.
        weight: [P, ...] requests of each part.
        group_sum: adds [P, ...] up to [G, ...], the parts of each mixture.

    Returns:
        [G, ...] milliseconds; NaN where a mixture has no requests.
    """
    cumulative = [group_sum(weight * share_within(float(bound))) for bound in BOUNDS_MS]
    return histogram_quantile(0.95, np.stack([*cumulative, group_sum(weight)]).astype(np.float64))
