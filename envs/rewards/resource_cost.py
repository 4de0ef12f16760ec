"""CPU reserved beyond the baseline."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean


def resource_cost(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the reserved CPU above the baseline, relative to it. At most 0.

    Saving below the baseline earns nothing, so that scaling everything down is never a way to a reward.
    """
    relative = context.cost_millicores / np.maximum(context.baseline_cost_millicores, 1e-9)[:, None]
    return -step_mean(np.fmax(relative - 1.0, 0.0))  # fmax: an unknown cost is no cost
