"""The end of an episode whose stand has been down for long."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext


def emergency(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the steps that were left, where this step ended in an emergency. At most 0.

    Its weight is the worst that users' terms can add up to: breaking the stand does not shorten the punishment.
    """
    return context.emergency * -context.remaining_steps.astype(np.float64)
