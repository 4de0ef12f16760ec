"""Features that users miss because optional groups of services are switched off."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext


def features_off(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the share of the optional groups that are off. From -1 to 0.

    Requests succeed without them, so that no other term sees what is missing.
    """
    return -context.features_off_share
