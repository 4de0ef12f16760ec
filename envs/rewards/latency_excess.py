"""How far latency lies beyond its objective."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean

WORST_DOUBLINGS = 3.0
"""At eight times the objective a user has given up: worse does not count more."""


def latency_excess(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the doublings of p95 over the objective, over the worst that counts. From -1 to 0."""
    excess = np.log2(np.fmax(context.levels.latency_ratio, 1.0))  # fmax: an unknown latency is not late
    excess /= WORST_DOUBLINGS
    np.minimum(excess, 1.0, out=excess)
    return -step_mean(context.levels.mean(excess))
