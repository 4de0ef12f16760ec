"""Alert rules as an on-call runbook has them: a symptom over its threshold, one remedy, then a cool-down."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from envs.actions.action import Action, ActionType
from ray_configs.errors import UserError
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.policies.readings import Readings, read


class ThresholdRules:
    """The first rule that fires with an allowed action acts; services are tried worst first.

    1. CPU saturated: scale the service up, by the larger step where it is beyond doubt, or raise its CPU limit where it
       cannot be scaled.
    2. Own errors or own latency up while no CPU is saturated: roll back a configuration of that service, or of its
       callers where it has none, then take back a release of that service; each of them once. Taking back what is not
       out changes nothing.
    3. Memory near its limit without a queue that explains it: restart the service before it is killed.
    4. Far more CPU than needed, after a scale-up: scale down towards the application's own replicas.

    After an action on a service the rules leave that service alone for the cool-down. The defaults are tuned on
    training scenarios.
    """

    def __init__(
        self,
        context: PolicyContext,
        *,
        high_cpu_utilisation: float = 0.7,
        full_cpu_utilisation: float = 0.85,
        low_cpu_utilisation: float = 0.3,
        high_memory_utilisation: float = 0.9,
        high_error_ratio: float = 0.02,
        latency_growth_factor: float = 3.0,
        latency_growth_milliseconds: float = 50.0,
        cool_down_seconds: float = 60.0,
    ) -> None:
        if min(high_cpu_utilisation, high_memory_utilisation, high_error_ratio, cool_down_seconds) < 0:
            raise UserError("policy 'threshold': thresholds and cool_down_seconds must not be negative")
        if low_cpu_utilisation >= high_cpu_utilisation:
            raise UserError("policy 'threshold': low_cpu_utilisation must be below high_cpu_utilisation")
        scales = context.time_scales
        self._application = context.application
        self._actions = context.catalogue.actions
        self._do_nothing = context.catalogue.index("do_nothing")
        self._high_cpu, self._full_cpu = high_cpu_utilisation, full_cpu_utilisation
        self._low_cpu = low_cpu_utilisation
        self._high_memory, self._high_errors = high_memory_utilisation, high_error_ratio
        self._latency_factor, self._latency_milliseconds = latency_growth_factor, latency_growth_milliseconds
        self._num_workers = np.array([service.workers_per_replica for service in context.application.services])
        self._num_buckets = scales.buckets_per_step
        self._cool_down_steps = scales.steps_within(cool_down_seconds)
        self.reset(context.seed)

    def reset(self, seed: int) -> None:
        """Forget the baseline, the cool-downs and what was rolled back."""
        self._healthy_latency: NDArray[np.float64] | None = None
        self._quiet_steps: dict[str, int] = {}
        self._rolled_back: set[int] = set()

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        """Apply the first rule that has an allowed remedy."""
        readings = read(observation, self._application, self._num_buckets)
        if self._healthy_latency is None:
            # The first observation is the warm-up's end: the healthy stand that growth is measured against.
            whole = read(observation, self._application, len(observation["nodes"]))
            self._healthy_latency = whole.own_latency_milliseconds
        self._quiet_steps = {name: left - 1 for name, left in self._quiet_steps.items() if left > 1}
        for action in self._remedies(readings, self._healthy_latency):
            if observation["action_mask"][action] > 0 and self._actions[action].target not in self._quiet_steps:
                self._quiet_steps[self._actions[action].target] = self._cool_down_steps
                if self._actions[action].type in (ActionType.ROLL_BACK, ActionType.SHIFT_TRAFFIC):
                    self._rolled_back.add(action)
                return Decision(action=action, probability=1.0)
        return Decision(action=self._do_nothing, probability=1.0)

    def _remedies(self, readings: Readings, healthy_latency: NDArray[np.float64]) -> Iterator[int]:
        """Actions in order of preference, allowed or not."""
        cpu = readings.cpu_utilisation
        saturated = _worst_first(cpu, self._high_cpu)
        for service in saturated:
            steps = self._upwards(ActionType.SCALE, service)
            yield from reversed(steps) if cpu[service] > self._full_cpu else steps
            yield from self._upwards(ActionType.SET_CPU_LIMIT, service)
        if not saturated:
            growth = readings.own_latency_milliseconds - np.maximum(
                self._latency_factor * healthy_latency, healthy_latency + self._latency_milliseconds
            )
            suspects = _worst_first(readings.own_error_ratio, self._high_errors) + _worst_first(growth, 0.0)
            for service in suspects:
                yield from self._roll_backs(service)
        without_queue = np.where(readings.queue_depth <= self._num_workers, readings.memory_utilisation, np.nan)
        for service in _worst_first(without_queue, self._high_memory):
            yield from self._of_type(ActionType.RESTART, service)
        idle = _worst_first(-cpu, -self._low_cpu)
        for service in idle:
            spare = readings.replicas_desired[service] - self._application.services[service].replicas
            yield from (a for a in self._of_type(ActionType.SCALE, service) if -spare <= self._actions[a].level < 0)

    def _roll_backs(self, service: int) -> list[int]:
        names = self._application.service_names
        own = self._of_type(ActionType.ROLL_BACK, service)
        callers = [names.index(edge.source) for edge in self._application.edges if edge.target == names[service]]
        found = own or [action for caller in callers for action in self._of_type(ActionType.ROLL_BACK, caller)]
        releases = self._of_type(ActionType.SHIFT_TRAFFIC, service)
        found += [action for action in releases if self._actions[action].level < 0]
        return [action for action in found if action not in self._rolled_back]

    def _of_type(self, kind: ActionType, service: int) -> list[int]:
        name = self._application.service_names[service]

        def matches(action: Action) -> bool:
            return action.type is kind and action.target == name

        return [index for index, action in enumerate(self._actions) if matches(action)]

    def _upwards(self, kind: ActionType, service: int) -> list[int]:
        """Smallest step first: an on-call engineer scales by one and looks again."""
        steps = [index for index in self._of_type(kind, service) if self._actions[index].level > 0]
        return sorted(steps, key=lambda index: self._actions[index].level)


def _worst_first(values: NDArray[np.float64], threshold: float) -> list[int]:
    """Services above the threshold, the highest value first; a missing value is above nothing."""
    above = np.flatnonzero(values > threshold)
    return [int(service) for service in above[np.argsort(-values[above], kind="stable")]]
