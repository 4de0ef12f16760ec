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
        churn = context.num_changes[n] + context.num_replicas_touched[n]
        for t in range(restarts.shape[0]):
            for s in range(restarts.shape[2]):
                count = restarts[t, n, s]
                # An unknown one is none. Whole numbers are summed several at a time.
                churn += np.int32(count if count > np.float32(0.0) else np.float32(0.0))
        term[n] -= churn / context.baseline_replicas
