"""From buckets, and from journeys, to the control step.

Legend: N stands, T reward buckets of the step, J journeys.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.service_levels import ServiceLevels

Floats = NDArray[np.float64]


def step_mean(values: Floats | NDArray[np.bool_]) -> Floats:
    """[N] mean over the step's reward buckets [N, T]."""
    means = np.zeros(len(values))
    _add_means(np.ascontiguousarray(values.T), means)
    return means


def step_mean_by_load(levels: ServiceLevels, values: Floats) -> Floats:
    """[N] mean over buckets and journeys [N, T, J], by the journeys' load; unknown values count as 0."""
    by_bucket, weights = (np.ascontiguousarray(array.transpose(1, 2, 0)) for array in (values, levels.weights))
    means = np.empty((by_bucket.shape[0], len(values)))
    _fill_means_by_load(by_bucket, weights, means)
    return step_mean(means.T)


@compiled
def _add_means(values: NDArray[Any], means: Floats) -> None:
    """Add the mean over the buckets of numbers or truths [T, N] to `means` [N]."""
    for t in range(values.shape[0]):
        for n in range(values.shape[1]):
            means[n] += values[t, n]
    for n in range(values.shape[1]):
        means[n] /= values.shape[0]


@compiled
def _fill_means_by_load(values: Floats, weights: Floats, means: Floats) -> None:
    """Fill `means` [T, N] with the weighted sums over the journeys of [T, J, N]."""
    for t in range(values.shape[0]):
        for n in range(values.shape[2]):
            means[t, n] = 0.0
        for j in range(values.shape[1]):
            for n in range(values.shape[2]):
                value = values[t, j, n]
                means[t, n] += (value if value > 0.0 else 0.0) * weights[t, j, n]
