"""The only implementation of an episode's course, for N stands at once.

actions -> precheck -> log time -> apply -> [due faults -> advance one bucket]* -> verify -> observe -> reward -> end?

Legend: N stands, A actions, S services, T buckets of one control step, J journeys.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Receipt
from clusters.scenario import Scenario
from clusters.stand import StandBatch, StandError
from clusters.telemetry import NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from envs.actions.catalogue import ActionCatalogue
from envs.episode_end import EpisodeRules, update_end
from envs.fault_injection import inject_due_faults, lift_expired_limits
from envs.loop_state import HORIZON, RUNNING, empty_state
from envs.observation import observation_of
from envs.operator_actions import OperatorActivity, carry_out
from envs.rewards.reward_context import RewardContext
from envs.rewards.reward_function import RewardFunction
from envs.service_levels import service_levels
from envs.time_scales import TimeScales
from ray_configs.errors import UserError

__all__ = ["ControlLoop", "EpisodeRules", "ForkableBatch", "LoopStep"]

_RESTARTS = signal_index(NODE_SIGNALS, "restarts")
_COST = signal_index(STAND_SIGNALS, "resource_cost_millicores")
_NS = 1_000_000_000


@runtime_checkable
class ForkableBatch(Protocol):
    """A batch whose stands can be copied: the simulated one."""

    def fork(self, stands: Sequence[int], seeds: Sequence[int]) -> StandBatch:
        """Copies of these stands whose future randomness comes from `seeds`."""
        ...


@dataclass(frozen=True, kw_only=True)
class LoopStep:
    """What one control step brought. A stand that has ended does not move: its reward is 0, its end is repeated."""

    rewards: NDArray[np.float64]
    """[N]"""
    reward_terms: dict[str, NDArray[np.float64]]
    """[N] weighted; they sum to the rewards."""
    terminated: NDArray[np.bool_]
    """[N] goal, emergency or escalation."""
    truncated: NDArray[np.bool_]
    """[N] horizon."""
    end_reasons: tuple[str, ...]
    """[N] empty while the episode runs."""
    action_times_ns: NDArray[np.int64]
    """[N] when each action was logged, before it was applied."""
    receipts: tuple[Receipt | None, ...]
    """[N] None where no command was due."""
    fault_receipts: tuple[tuple[tuple[str, Receipt], ...], ...]
    """[N] (fault id, receipt) of the injections and clearances of the step."""
    window: TelemetryWindow
    """[N, T, ...] of this step only."""


class ControlLoop:
    """Resets and steps a batch of stands."""

    def __init__(
        self, batch: StandBatch, *, time_scales: TimeScales, reward: RewardFunction, rules: EpisodeRules
    ) -> None:
        self._batch = batch
        self.application = batch.application
        self.num_stands = batch.num_stands
        self.time_scales = time_scales
        self.catalogue = ActionCatalogue(batch.application)
        self._reward = reward
        self._rules = rules
        self._state = empty_state(batch.application, batch.num_stands)

    def reset(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Begin an episode on each stand named; the others do not move.

        Raises:
            UserError: a scenario is for another application, or does not fit the time scales.
        """
        for scenario in scenarios:
            _check_fit(scenario, self.application.name, self.time_scales)
        self._batch.reset(stands, scenarios, seeds)
        rows = np.asarray(stands, dtype=np.int64)
        bucket_seconds = self.time_scales.observation_bucket_seconds
        window = self._batch.observe(self.time_scales.observation_window_seconds, bucket_seconds, rows)
        for position, (stand, scenario) in enumerate(zip(stands, scenarios, strict=True)):
            num_steps = round(scenario.horizon_seconds / self.time_scales.control_step_seconds)
            self._state.begin(stand, self.application, num_steps=num_steps)
            self._state.schedule.load(stand, scenario.faults)
            self._state.now_ns[stand] = window.times_ns[position, -1] + round(bucket_seconds * _NS)
            self._state.baseline_cost_millicores[stand] = np.nanmean(window.stand[position, :, _COST])

    def window(self, window_seconds: float | None = None, bucket_seconds: float | None = None) -> TelemetryWindow:
        """[N, ...] raw telemetry up to now: the observation window, unless told otherwise."""
        return self._batch.observe(
            window_seconds or self.time_scales.observation_window_seconds,
            bucket_seconds or self.time_scales.observation_bucket_seconds,
        )

    def observe(
        self, window_seconds: float | None = None, bucket_seconds: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """[N, ...] what policies see now."""
        return observation_of(self.window(window_seconds, bucket_seconds), self.action_mask())

    def action_mask(self) -> NDArray[np.bool_]:
        """[N, A] what is allowed now."""
        return self.catalogue.mask(self._state.controls)

    def time_ns(self) -> NDArray[np.int64]:
        """[N] each stand's clock."""
        return self._state.now_ns.copy()

    def elapsed_seconds(self) -> NDArray[np.float64]:
        """[N] time since the end of the warm-up."""
        return self._state.elapsed_seconds.copy()

    def step(self, actions: NDArray[np.int64], active: NDArray[np.bool_] | None = None) -> LoopStep:
        """Carry out one action per stand and let one control step pass.

        Args:
            actions: [N] indices in the catalogue; ignored where not active.
            active: [N] which stands move; None: all that have not ended.

        Raises:
            ValueError: an action is no index of the catalogue.
            StandError: a stand was never reset.
        """
        state = self._state
        if (state.num_steps == 0)[slice(None) if active is None else active].any():
            raise StandError("a stand was stepped before its first reset; call reset for it")
        moving = ~state.ended if active is None else active & ~state.ended
        chosen = np.where(moving, np.asarray(actions, dtype=np.int64), 0)
        if ((chosen < 0) | (chosen >= len(self.catalogue))).any():
            raise ValueError(f"actions must be from 0 to {len(self.catalogue) - 1}, not {chosen.tolist()}")
        action_times_ns = self.time_ns()
        activity = carry_out(chosen, moving, self._batch, self.catalogue, state, self.time_scales)
        fault_receipts = self._advance(moving)
        receipts = tuple(
            None if receipt is None else self._batch.verify(stand, receipt)
            for stand, receipt in enumerate(activity.receipts)
        )
        state.step_index[moving] += 1
        window, rewards, terms = self._judge(moving, activity)
        return LoopStep(
            rewards=rewards,
            reward_terms=terms,
            terminated=(state.end_reasons != RUNNING) & (state.end_reasons != HORIZON),
            truncated=state.end_reasons == HORIZON,
            end_reasons=tuple(str(reason) for reason in state.end_reasons),
            action_times_ns=action_times_ns,
            receipts=receipts,
            fault_receipts=fault_receipts,
            window=window,
        )

    def fork(self, stands: Sequence[int], seeds: Sequence[int]) -> "ControlLoop":
        """A loop over copies of these stands, whose future randomness comes from `seeds`.

        Raises:
            StandError: the backend cannot copy stands.
        """
        if not isinstance(self._batch, ForkableBatch):
            raise StandError("these stands cannot be forked; use simulated stands")
        copy = ControlLoop(
            self._batch.fork(stands, seeds), time_scales=self.time_scales, reward=self._reward, rules=self._rules
        )
        copy._state = self._state.take(stands)
        return copy

    def close(self) -> None:
        """Release the stands."""
        self._batch.close()

    def _advance(self, moving: NDArray[np.bool_]) -> tuple[tuple[tuple[str, Receipt], ...], ...]:
        bucket_seconds = self.time_scales.observation_bucket_seconds
        selected = None if moving.all() else np.flatnonzero(moving)
        receipts: list[list[tuple[str, Receipt]]] = [[] for _ in range(self.num_stands)]
        for _ in range(self.time_scales.buckets_per_step if moving.any() else 0):
            inject_due_faults(moving, self._batch, self._state, receipts)
            lift_expired_limits(moving, self._batch, self.application, self._state)
            self._batch.advance(bucket_seconds, selected)
            self._state.elapsed_seconds[moving] += bucket_seconds
            self._state.now_ns[moving] += round(bucket_seconds * _NS)
        return tuple(tuple(of_stand) for of_stand in receipts)

    def _judge(
        self, moving: NDArray[np.bool_], activity: OperatorActivity
    ) -> tuple[TelemetryWindow, NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        scales, state = self.time_scales, self._state
        window = self._batch.observe(scales.control_step_seconds, scales.observation_bucket_seconds)
        judged = window
        if scales.reward_bucket_seconds != scales.observation_bucket_seconds:
            judged = self._batch.observe(scales.control_step_seconds, scales.reward_bucket_seconds)
        levels = service_levels(judged, self.application)
        emergency = update_end(levels, moving, activity.escalated, state, scales, self._rules)
        context = RewardContext(
            levels=levels,
            cost_millicores=judged.stand[..., _COST].astype(np.float64, order="C"),
            baseline_cost_millicores=state.baseline_cost_millicores,
            baseline_replicas=sum(service.replicas for service in self.application.services),
            num_restarts=np.nansum(judged.nodes[..., _RESTARTS], axis=(1, 2), dtype=np.float64),
            num_changes=activity.num_changes,
            num_replicas_touched=activity.num_replicas_touched,
            num_unsafe=activity.num_unsafe,
            escalated=activity.escalated,
            emergency=emergency,
            remaining_steps=state.num_steps - state.step_index,
        )
        rewards, terms = self._reward(context)
        return (
            window,
            np.where(moving, rewards, 0.0),
            {name: np.where(moving, values, 0.0) for name, values in terms.items()},
        )


def _check_fit(scenario: Scenario, application: str, scales: TimeScales) -> None:
    if scenario.application != application:
        raise UserError(f"scenario {scenario.name} is for {scenario.application}, not {application}; choose another")
    if scenario.horizon_seconds % scales.control_step_seconds or scenario.horizon_seconds <= 0:
        raise UserError(
            f"scenario {scenario.name} lasts {scenario.horizon_seconds} s, which is no multiple of the control step of "
            f"{scales.control_step_seconds} s; draw it with the time scales in use"
        )
    if scenario.warmup_seconds < scales.observation_window_seconds:
        raise UserError(
            f"scenario {scenario.name} warms up for {scenario.warmup_seconds} s, less than the observation window of "
            f"{scales.observation_window_seconds} s; draw it with the time scales in use"
        )
