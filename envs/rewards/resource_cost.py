"""CPU reserved beyond the baseline."""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.rewards.reward_context import RewardContext
from envs.rewards.step_mean import step_mean

_LEAST_COST_MILLICORES = 1e-9
"""Divides where nothing was reserved."""


def resource_cost(context: RewardContext) -> NDArray[np.float64]:
    """[N] minus the reserved CPU above the baseline, relative to it. At most 0.

    Saving below the baseline earns nothing, so that scaling everything down is never a way to a reward.
    """
    costs = np.ascontiguousarray(context.cost_millicores.T)
    excess = np.zeros(costs.shape)
    _fill_excess(costs, context.baseline_cost_millicores, excess)
    return -step_mean(excess.T)


@compiled
def _fill_excess(costs: NDArray[np.float64], baselines: NDArray[np.float64], excess: NDArray[np.float64]) -> None:
    """Enter what costs [T, N] have beyond the baselines [N], relative to them; an unknown cost has nothing."""
    for t in range(costs.shape[0]):
        for n in range(costs.shape[1]):
            baseline = baselines[n]
            beyond = costs[t, n] / (_LEAST_COST_MILLICORES if baseline < _LEAST_COST_MILLICORES else baseline) - 1.0
            if beyond > 0.0:
                excess[t, n] = beyond
