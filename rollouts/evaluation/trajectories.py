"""How far predicted futures are from the true ones: an axis of its own, never merged with the ranking.

The truth of a trajectory is its mean over replicates, so the pinball loss says how sharp and centred the quantiles are
around that mean; it is no calibration of single futures.
Legend: C candidates, H future buckets, J journeys, Q quantiles.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rollouts.evaluation.ranking_contract import Prediction
from rollouts.evaluation.statistics import Estimate, PointBootstrap
from rollouts.evaluation.truth import BranchedPoint

SIGNALS = ("good_ratio", "error_ratio", "latency_p95_milliseconds")


def median_of(quantiles: tuple[float, ...], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """[..., Q] -> [...]: the quantile closest to the median."""
    median: NDArray[np.float32] = values[..., int(np.argmin(np.abs(np.asarray(quantiles) - 0.5)))]
    return median


def pinball(quantiles: tuple[float, ...], values: NDArray[np.float32], truth: NDArray[np.float32]) -> float:
    """Mean pinball loss of `values` [..., Q] against `truth` [...], over all quantiles; NaN entries are left out."""
    error = truth[..., None] - values
    levels = np.asarray(quantiles)
    loss = np.maximum(levels * error, (levels - 1.0) * error)
    known = np.isfinite(loss)
    return float(loss[known].mean()) if known.any() else float("nan")


def trajectory_figures(
    points: Sequence[BranchedPoint], predictions: Sequence[Prediction], bootstrap: PointBootstrap
) -> dict[str, Estimate]:
    """Mean absolute error of the median and mean pinball loss per signal, averaged over points."""
    figures: dict[str, Estimate] = {}
    for signal in SIGNALS:
        absolute, losses = [], []
        for point, prediction in zip(points, predictions, strict=True):
            truth, values = getattr(point.truth, signal), getattr(prediction, signal)
            error = np.abs(truth - median_of(prediction.quantiles, values))
            known = np.isfinite(error)
            absolute.append(error[known].mean() if known.any() else np.nan)
            losses.append(pinball(prediction.quantiles, values, truth))
        figures[f"{signal}_mae"] = bootstrap.mean(absolute)
        figures[f"{signal}_pinball"] = bootstrap.mean(losses)
    return figures
