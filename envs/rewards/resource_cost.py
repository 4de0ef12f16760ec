"""CPU reserved beyond the baseline."""

from clusters.compiled import inlined
from envs.rewards.reward_context import Floats, RewardContext

_LEAST_COST_MILLICORES = 1e-9
"""Divides where nothing was reserved."""


@inlined
def resource_cost(context: RewardContext, term: Floats) -> None:
    """Minus the reserved CPU above the baseline, relative to it. At most 0.

    Saving below the baseline earns nothing, so that scaling everything down is never a way to a reward.
    """
    costs = context.cost_millicores
    for n in range(len(term)):
        baseline, total = context.baseline_cost_millicores[n], 0.0
        for t in range(costs.shape[1]):
            beyond = costs[n, t] / (_LEAST_COST_MILLICORES if baseline < _LEAST_COST_MILLICORES else baseline) - 1.0
            total += beyond if beyond > 0.0 else 0.0  # an unknown cost has nothing
        term[n] -= total / costs.shape[1]
