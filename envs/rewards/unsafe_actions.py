"""Actions that a careful operator would not take."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext


def unsafe_actions(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the number of actions that were rejected, failed, or rolled a service again too soon. At most 0."""
    return -context.num_unsafe.astype(np.float64)
