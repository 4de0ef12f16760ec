"""What of each control step ends and rewards are computed from, read from its telemetry and from the loop's memory.

Legend: N stands, T reward buckets of the step, S services, J journeys, F signals of a level.
"""

import numpy as np

from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application
from envs.loop_state import LoopState
from envs.operator_actions import OperatorActivity
from envs.rewards.reward_context import RewardContext
from envs.service_levels import Objectives, empty_levels, filling

_RESTARTS = signal_index(NODE_SIGNALS, "restarts")
_COST = signal_index(STAND_SIGNALS, "resource_cost_millicores")


class StepReadings:
    """Of N stands, overwritten by each step: to make room anew costs as much as to fill it.

    What is read of the loop's memory, and of what the operator did, lies there and is read where it lies.

    Telemetry is gathered along the way it lies: the machine waits for many stands' memory at a time, where a loop over
    what is read would wait for each.
    """

    def __init__(
        self, application: Application, state: LoopState, activity: OperatorActivity, num_buckets: int
    ) -> None:
        num_stands = len(state.now_ns)
        num_services, num_journeys = len(application.services), len(application.journeys)
        self._journeys = np.empty((num_buckets, num_stands, len(JOURNEY_SIGNALS), num_journeys), dtype=np.float32)
        self._restarts = np.empty((num_buckets, num_stands, num_services), dtype=np.float32)
        self._costs = np.empty((num_stands, num_buckets))
        self.levels = empty_levels(num_stands, num_buckets, num_journeys)
        self.remaining_steps = np.empty(num_stands, dtype=np.int64)
        """[N] control steps that the scenario had left after this one; entered by who ends episodes."""
        self.emergency = np.zeros(num_stands, dtype=np.bool_)
        """[N] whether the step ended the episode as one; likewise."""
        self._fill_levels = filling(self._journeys, Objectives.of(application), self.levels)
        self.context = RewardContext(
            levels=self.levels,
            cost_millicores=self._costs,
            baseline_cost_millicores=state.baseline_cost_millicores,
            baseline_replicas=sum(service.replicas for service in application.services),
            num_restarts=self._restarts,
            num_changes=activity.num_changes,
            num_replicas_touched=activity.num_replicas_touched,
            num_unsafe=activity.num_unsafe,
            groups_enabled=state.controls.groups_enabled,
            escalated=activity.escalated,
            emergency=self.emergency,
            remaining_steps=self.remaining_steps,
        )
        """What the step is worth is computed from this."""

    def read(self, window: TelemetryWindow) -> None:
        """Read the step [N, T, ...], in reward buckets."""
        np.copyto(self._journeys, window.journeys.transpose(1, 0, 3, 2))
        np.copyto(self._restarts, window.nodes[..., _RESTARTS].swapaxes(0, 1))
        np.copyto(self._costs, window.stand[..., _COST])
        self._fill_levels()
