"""What rewards are computed from, read from a step's telemetry and from the loop's memory.

Legend: N stands, T reward buckets of the step, S services, P optional groups, F signals of a level.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from envs.kernels.levels import ServiceLevels
from envs.kernels.readings import fill_mean_costs
from envs.loop_state import LoopState
from envs.operator_actions import OperatorActivity
from envs.rewards.reward_context import RewardContext

_RESTARTS = signal_index(NODE_SIGNALS, "restarts")
_COST = signal_index(STAND_SIGNALS, "resource_cost_millicores")


def reward_context(
    window: TelemetryWindow,
    levels: ServiceLevels,
    activity: OperatorActivity,
    emergency: NDArray[np.bool_],
    state: LoopState,
    num_replicas: int,
) -> RewardContext:
    """One control step of N stands.

    Args:
        window: [N, T, ...] the step, in reward buckets.
        levels: of this window.
        activity: what the operator did.
        emergency: [N] whether the step ended the episode as one.
        state: after the step.
        num_replicas: of the whole untouched stand.
    """
    return RewardContext(
        levels=levels,
        cost_millicores=window.stand[..., _COST].astype(np.float64),
        baseline_cost_millicores=state.baseline_cost_millicores,
        baseline_replicas=num_replicas,
        # Gathered at once, as levels are.
        num_restarts=np.ascontiguousarray(window.nodes[..., _RESTARTS].swapaxes(0, 1)),
        num_changes=activity.num_changes,
        num_replicas_touched=activity.num_replicas_touched,
        num_unsafe=activity.num_unsafe,
        groups_enabled=state.controls.groups_enabled,
        escalated=activity.escalated,
        emergency=emergency,
        remaining_steps=state.num_steps - state.step_index,
    )


def mean_cost(stand: NDArray[np.float32], stands: NDArray[np.int64]) -> NDArray[np.float64]:
    """[K] mean reserved CPU, millicores, over the known buckets of [N, T, F], of these stands; NaN: none is."""
    costs = np.empty(len(stands))
    fill_mean_costs(stand, _COST, stands, costs)
    return costs
