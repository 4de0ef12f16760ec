"""Churn: changes and restarts."""

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext


def instability(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus (commands + replicas that they touch + containers that restarted), over the baseline's replicas.

    At most 0. Every change counts, so that a change that does not help is worse than none.
    """
    churn = context.num_changes + context.num_replicas_touched + context.num_restarts
    return -churn / context.baseline_replicas
