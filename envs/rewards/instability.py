"""Churn: changes and restarts."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext


@inlined
def instability(context: RewardContext, term: Floats) -> None:
    """Minus (commands + replicas that they touch + containers that restarted), over the baseline's replicas.

    At most 0. Every change counts, so that a change that does not help is worse than none.
    """
    for n in range(len(term)):
        churn = context.num_changes[n] + context.num_replicas_touched[n] + context.num_restarts[n]
        term[n] -= churn / context.baseline_replicas
