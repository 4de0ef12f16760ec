"""Users who did not get a good answer."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean


def slo_violation(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the share of offered requests that were not good. From -1 to 0.

    Offered is what users wanted to send: what was shed, or held back because they were asked to, counts as not good.
    """
    return -step_mean(context.levels.bad_share)
