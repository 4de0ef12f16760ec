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
    excess = np.zeros(ratios.shape)
    _fill_excess(ratios, excess)
    return -step_mean_by_load(context.levels, excess.transpose(2, 0, 1))


@compiled
def _fill_excess(ratios: NDArray[np.float64], excess: NDArray[np.float64]) -> None:
    """Enter what lies beyond 1 of [T, J, N]; an unknown latency does not."""
    for t in range(ratios.shape[0]):
        for j in range(ratios.shape[1]):
            for n in range(ratios.shape[2]):
                if ratios[t, j, n] > 1.0:  # few: a logarithm takes as long as all the rest
                    excess[t, j, n] = min(np.log2(ratios[t, j, n]) / WORST_DOUBLINGS, 1.0)
