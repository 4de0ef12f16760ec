"""How far latency lies beyond its objective."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean

WORST_DOUBLINGS = 3.0
"""At eight times the objective a user has given up: worse does not count more."""


def latency_excess(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the doublings of p95 over the objective, over the worst that counts. From -1 to 0."""
    ratio = context.levels.latency_ratio
    late = ratio > 1.0
    if not late.any():  # the usual case, and a logarithm is dear
        return np.zeros(len(ratio))
    excess = np.zeros_like(ratio)
    excess[late] = np.minimum(np.log2(ratio[late]) / WORST_DOUBLINGS, 1.0)
    return -step_mean(context.levels.mean(excess))
