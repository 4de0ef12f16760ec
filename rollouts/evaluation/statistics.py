"""Confidence intervals by bootstrap over whole decision points.

Points are resampled with replacement, so all candidates and replicates of a point stay together; the interval is the
percentile interval of the resampled figures (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13).
One set of resamples serves every figure of an evaluation, so a difference of two methods is a paired one.
Legend: B resamples, P points.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure with its confidence interval."""

    value: float
    low: float
    high: float
    n: int
    """What the figure averages over: points, or pairs, or candidates; 0 where nothing could be counted (value NaN)."""

    def as_json(self) -> dict[str, float | int | None]:
        """Plain numbers; null where not a number, which JSON does not know."""
        numbers = {"value": self.value, "low": self.low, "high": self.high}
        return {**{key: x if math.isfinite(x) else None for key, x in numbers.items()}, "n": self.n}


EMPTY = Estimate(value=math.nan, low=math.nan, high=math.nan, n=0)


class PointBootstrap:
    """The resamples of one evaluation."""

    def __init__(
        self, num_points: int, *, num_resamples: int = 2000, confidence: float = 0.95, seed: int = 20_260
    ) -> None:
        self._num_resamples = num_resamples
        self._confidence = confidence
        self._seed = seed
        generator = np.random.default_rng(seed)
        self._indices = generator.integers(0, max(num_points, 1), size=(num_resamples, num_points))  # [B, P]
        rows = np.arange(num_resamples)[:, None]
        self._counts = np.zeros((num_resamples, num_points))  # [B, P] how often a point is in a resample
        np.add.at(self._counts, (rows, self._indices), 1.0)

    def ratio(self, numerators: ArrayLike, denominators: ArrayLike) -> Estimate:
        """Sum of `numerators` [P] over sum of `denominators` [P]; a point with a NaN numerator is left out."""
        top, bottom = _clean(numerators, denominators)
        total = bottom.sum()
        if total <= 0:
            return EMPTY
        return self._estimate(float(top.sum() / total), self._resampled(top, bottom), round(float(total)))

    def mean(self, values: ArrayLike) -> Estimate:
        """Mean of `values` [P] over the points where it is a number."""
        return self.ratio(values, np.ones(np.shape(values)))

    def ratio_difference(self, first: ArrayLike, second: ArrayLike, denominators: ArrayLike) -> Estimate:
        """`ratio(first) - ratio(second)`, paired: both come from the same points in each resample."""
        top, bottom = _clean(first, denominators)
        other_top, other_bottom = _clean(second, denominators)
        if bottom.sum() <= 0 or other_bottom.sum() <= 0:
            return EMPTY
        value = top.sum() / bottom.sum() - other_top.sum() / other_bottom.sum()
        resampled = self._resampled(top, bottom) - self._resampled(other_top, other_bottom)
        return self._estimate(float(value), resampled, round(float(bottom.sum())))

    def quantile(self, values: ArrayLike, quantile: float) -> Estimate:
        """A quantile of `values` [P] over the points; 1.0 is the worst seen, whose interval only looks down."""
        numbers = np.asarray(values, dtype=np.float64)
        finite = numbers[np.isfinite(numbers)]
        if not finite.size:
            return EMPTY
        indices = self._indices
        if finite.size != indices.shape[1]:
            indices = np.random.default_rng(self._seed).integers(0, finite.size, (self._num_resamples, finite.size))
        resampled = np.quantile(finite[indices], quantile, axis=1)
        return self._estimate(float(np.quantile(finite, quantile)), resampled, finite.size)

    def _resampled(self, numerators: Floats, denominators: Floats) -> Floats:
        bottom = self._counts @ denominators
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(bottom > 0, (self._counts @ numerators) / bottom, np.nan)

    def _estimate(self, value: float, resampled: Floats, n: int) -> Estimate:
        finite = resampled[np.isfinite(resampled)]
        tail = (1.0 - self._confidence) / 2.0
        low, high = np.quantile(finite, [tail, 1.0 - tail]) if finite.size else (math.nan, math.nan)
        return Estimate(value=value, low=float(low), high=float(high), n=n)


def _clean(numerators: ArrayLike, denominators: ArrayLike) -> tuple[Floats, Floats]:
    top = np.asarray(numerators, dtype=np.float64)
    known = np.isfinite(top)
    return np.where(known, top, 0.0), np.where(known, np.asarray(denominators, dtype=np.float64), 0.0)
