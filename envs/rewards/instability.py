"""Churn: changes and restarts."""

import numpy as np

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def instability(context: RewardContext, term: Floats) -> None:
    """Minus (commands + replicas that they touch + containers that restarted), over the baseline's replicas.

    At most 0. Every change counts, so that a change that does not help is worse than none.
    """
    restarts = context.num_restarts
    for n in range(len(term)):
        churn = np.float64(context.num_changes[n] + context.num_replicas_touched[n])
        for t in range(restarts.shape[1]):
            for s in range(restarts.shape[2]):
                count = restarts[n, t, s]
                churn += count if count > 0 else 0  # an unknown one is none
        term[n] -= churn / context.baseline_replicas
