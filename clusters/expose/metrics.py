"""Counters, histograms and gauges that grow bucket by bucket, as a stand's own would have."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from clusters.simulated.streams.lognormals import P95_NORMAL, sigma_of

Floats = NDArray[np.float64]

BOUNDS_MS: Floats = np.array([0.5 * 1.2**step for step in range(65)])
"""Upper bounds of histogram buckets, 0.5 ms to 58 s, each 20 % above the last: finer than the collector's own."""
_LEAST_SIGMA = 0.3
"""Times spread over several buckets, so that a percentile between two bounds is placed well."""


class Form(StrEnum):
    """How a metric's values are to be read."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose values they are."""

    name: str
    """As OpenTelemetry names the metric."""
    unit: str = ""
    service: str
    """That reports it."""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A counter or gauge: [T + 1] values, the first at the start of the first bucket; NaN: nothing was reported."""

    identity: Identity
    form: Form
    values: Floats


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """Cumulative over time: [T + 1], the first at the start of the first bucket and empty."""

    identity: Identity
    counts: NDArray[np.int64]
    """[T + 1, B + 1] of each bucket; the last has no bound."""
    sums: Floats
    """[T + 1]"""
    bounds: Floats = field(default_factory=lambda: BOUNDS_MS)
    """[B] in the metric's unit."""


def counter(identity: Identity, growth: Floats) -> Numbers:
    """From what came in each bucket, [T]; NaN is taken as nothing."""
    return Numbers(identity=identity, form=Form.COUNTER, values=_cumulative(np.nan_to_num(growth)))


def gauge(identity: Identity, values: Floats) -> Numbers:
    """From each bucket's value, [T]."""
    return Numbers(identity=identity, form=Form.GAUGE, values=np.concatenate([[math.nan], values]))


def histogram(
    identity: Identity, requests: Floats, mean_ms: Floats, p95_ms: Floats, *, unit_ms: float = 1.0
) -> Histogram:
    """Of times with this mean and 95th percentile, [T] each, spread as a lognormal distribution is.

    Its sum is exact; its counts are whole numbers, so a bucket of few requests tells its percentile roughly.

    Args:
        identity: of the metric.
        requests: that came in each bucket; what is not whole is carried over.
        mean_ms: of their times.
        p95_ms: of their times.
        unit_ms: the metric's own unit.
    """
    numbers = np.diff(np.floor(_cumulative(np.nan_to_num(requests)) + 1e-6)).astype(np.int64)
    counts = np.zeros((len(numbers) + 1, len(BOUNDS_MS) + 1), dtype=np.int64)
    for bucket, (number, mean, p95) in enumerate(zip(numbers, mean_ms, p95_ms, strict=True)):
        counts[bucket + 1] = _spread(int(number), mean, p95)
    sums = _cumulative(np.nan_to_num(mean_ms) / unit_ms * counts[1:].sum(axis=1))
    return Histogram(identity=identity, counts=counts.cumsum(axis=0), sums=sums, bounds=BOUNDS_MS / unit_ms)


def _spread(number: int, mean_ms: float, p95_ms: float) -> NDArray[np.int64]:
    """[B + 1] of so many requests in each bucket."""
    if not number or not mean_ms > 0.0 or not p95_ms > 0.0:
        return np.zeros(len(BOUNDS_MS) + 1, dtype=np.int64)
    sigma = max(sigma_of(mean_ms, p95_ms), _LEAST_SIGMA)
    within = ndtr(P95_NORMAL + np.log(BOUNDS_MS / p95_ms) / sigma)
    spread: NDArray[np.int64] = np.diff(np.rint(number * within), prepend=0.0, append=float(number)).astype(np.int64)
    return spread


def _cumulative(growth: Floats) -> Floats:
    total: Floats = np.concatenate([[0.0], np.cumsum(growth, dtype=np.float64)])
    return total
