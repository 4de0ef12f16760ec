"""Users who did not get a good answer."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean


def slo_violation(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the share of offered requests that were not good: shed requests count, stopping the load does not help.

    From -1 to 0.
    """
    bad = context.levels.mean(1.0 - context.levels.good_ratio)
    return -step_mean(bad)
