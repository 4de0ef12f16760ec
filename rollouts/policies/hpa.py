"""The Kubernetes HorizontalPodAutoscaler on CPU, for every scalable service, one change per control step.

The formula and the treatment of pods that are not ready follow "Algorithm details" of
https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from envs.actions.action import ActionType
from ray_configs.errors import UserError
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.policies.readings import Readings, read


class HorizontalPodAutoscaler:
    """`desired = ceil(current x metric / target)`, within the tolerance nothing happens.

    The metric is CPU use over the CPU limit, taking the limit as the request. A scale-down waits until no
    recommendation of the stabilisation window was higher. Replicas never fall below the application's own. The
    catalogue offers fixed steps: the largest one that does not overshoot is taken, or the smallest upwards.
    """

    def __init__(
        self,
        context: PolicyContext,
        *,
        target_utilisation: float = 0.6,
        tolerance: float = 0.1,
        scale_down_stabilisation_seconds: float = 300.0,
    ) -> None:
        if not 0.0 < target_utilisation <= 1.0:
            raise UserError(f"policy 'hpa': target_utilisation is {target_utilisation}; give a share above 0, up to 1")
        if tolerance < 0 or scale_down_stabilisation_seconds < 0:
            raise UserError("policy 'hpa': tolerance and scale_down_stabilisation_seconds must not be negative")
        scales = context.time_scales
        self._application = context.application
        self._actions = context.catalogue.actions
        self._do_nothing = context.catalogue.index("do_nothing")
        self._target = target_utilisation
        self._tolerance = tolerance
        self._num_buckets = scales.buckets_per_step
        self._num_remembered = 1 + round(scale_down_stabilisation_seconds / scales.control_step_seconds)
        self.reset(context.seed)

    def reset(self, seed: int) -> None:
        """Forget the recommendations."""
        self._recommendations: list[deque[int]] = [
            deque(maxlen=self._num_remembered) for _ in self._application.services
        ]

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Take the largest relative change that a step of the catalogue allows."""
        readings = read(observation, self._application, self._num_buckets)
        wanted: list[tuple[float, int]] = []
        for position, service in enumerate(self._application.services):
            current = float(readings.replicas_desired[position])
            if not service.is_scalable or not current > 0:
                continue
            desired = self._stabilised(position, round(current), self._recommend(readings, position))
            desired = min(max(desired, service.replicas), service.max_replicas)
            action = self._step_towards(service.name, desired - round(current), observation)
            if action is not None:
                wanted.append((abs(desired / current - 1.0), action))
        action = max(wanted, key=lambda pair: pair[0])[1] if wanted else self._do_nothing
        return Decision(action=action, probability=1.0)

    def _recommend(self, readings: Readings, position: int) -> int:
        """Replicas for one service by the formula, before stabilisation."""
        current = round(float(readings.replicas_desired[position]))
        ready = float(readings.replicas_ready[position])
        usage = float(readings.cpu_usage_millicores[position])
        target = self._target * float(readings.cpu_limit_millicores[position])
        if not (ready > 0 and target > 0 and np.isfinite(usage)):
            return current
        counted = float(ready)
        if usage / (target * counted) > 1.0 and ready < current:
            # On the way up, replicas that still start count as idle; if that turns the direction, nothing happens.
            counted = float(current)
            if usage / (target * counted) < 1.0:
                return current
        ratio = usage / (target * counted)
        return current if abs(ratio - 1.0) <= self._tolerance else int(np.ceil(ratio * counted))

    def _stabilised(self, position: int, current: int, recommended: int) -> int:
        remembered = self._recommendations[position]
        remembered.append(recommended)
        return recommended if recommended >= current else min(current, max(remembered))

    def _step_towards(self, service: str, change: int, observation: Observation) -> int | None:
        steps = {
            index: action.level
            for index, action in enumerate(self._actions)
            if action.type is ActionType.SCALE
            and action.target == service
            and action.level * change > 0
            and observation["action_mask"][index] > 0
        }
        within = [index for index, level in steps.items() if abs(level) <= abs(change)]
        if within:
            return max(within, key=lambda index: abs(steps[index]))
        return min(steps, key=lambda index: steps[index]) if steps and change > 0 else None
