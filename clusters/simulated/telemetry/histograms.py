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


def histogram_quantile(
    quantile: float, exact: Floats, cdf: Callable[[Floats], Floats], bounds: NDArray[Any] = BOUNDS_MS
) -> Floats:
    """What `histogram_quantile` of PromQL returns for a classic histogram of a known distribution.

    The bucket that holds the rank `quantile * count` is the one that holds the exact quantile; the rank is placed
    inside it as if its requests were spread evenly. In the bucket without a bound the answer is the last bound, and
    the first bucket starts at 0. Source: Prometheus, "Query functions", histogram_quantile; `BucketQuantile` in
    promql/quantile.go.

    Args:
        quantile: in (0, 1).
        exact: [...] the distributions' own quantiles, in the bounds' unit; NaN where there is no request.
        cdf: [...] shares of requests up to the limits [...] that it is given.
        bounds: [B] upper bounds, ascending.

    Returns:
        [...] in the bounds' unit; NaN where there was no request.
    """
    bounds = bounds.astype(exact.dtype)
    bucket = np.searchsorted(bounds, exact)
    inside = np.minimum(bucket, len(bounds) - 1)
    upper = bounds[inside]
    lower = np.where(inside > 0, bounds[np.maximum(inside - 1, 0)], 0)
    below = np.where(inside > 0, cdf(lower), 0)
    share = (quantile - below) / np.maximum(cdf(upper) - below, 1e-9)
    # The exact quantile may be a little off, and so lie on the other side of a bound.
    value = lower + (upper - lower) * np.clip(share, 0.0, 1.0)
    value = np.where(bucket == len(bounds), bounds[-1], value)
    return np.where(np.isnan(exact), np.nan, value).astype(exact.dtype)
