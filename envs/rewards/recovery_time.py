"""Time until every objective is met again."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean


def recovery_time(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the share of the step in which any objective was missed. From -1 to 0."""
    return -step_mean(context.levels.violated)
