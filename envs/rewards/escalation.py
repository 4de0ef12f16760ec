"""The price of a person's time."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext


def escalation(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the steps that were left, where this step handed over. At most 0.

    Escalating ends the episode, so each step not played is charged: worth it only where every other action leaves
    the stand about as badly off as the weight says, step after step.
    """
    return context.escalated * -context.remaining_steps.astype(np.float64)
