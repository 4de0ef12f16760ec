"""Requests that failed."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean_by_load


def error_rate(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the share of offered requests that failed, shed ones included. From -1 to 0."""
    return -step_mean_by_load(context.levels, context.levels.error_ratio)
