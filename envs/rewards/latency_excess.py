"""How far latency lies beyond its objective."""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean_by_load

WORST_DOUBLINGS = 3.0
"""At eight times the objective a user has given up: worse does not count more."""


def latency_excess(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the doublings of p95 over the objective, over the worst that counts. From -1 to 0."""
    ratios = np.ascontiguousarray(context.levels.latency_ratio.transpose(1, 2, 0))
    excess = np.empty(ratios.shape)
    _fill_bounded(ratios, excess)
    np.log2(excess, out=excess)  # outside of the kernel: numpy's gives one stand the bits that it gives a thousand
    excess /= WORST_DOUBLINGS
    return -step_mean_by_load(context.levels, excess.transpose(2, 0, 1))


@compiled
def _fill_bounded(ratios: NDArray[np.float64], bounded: NDArray[np.float64]) -> None:
    """Fill [T, J, N] with what counts of the ratios: from 1, which an unknown one is, to the worst."""
    worst = 2.0**WORST_DOUBLINGS
    for t in range(ratios.shape[0]):
        for j in range(ratios.shape[1]):
            for n in range(ratios.shape[2]):
                ratio = ratios[t, j, n] if ratios[t, j, n] > 1.0 else 1.0
                bounded[t, j, n] = ratio if ratio < worst else worst
