"""The only implementation of an episode's course, for N stands at once.

actions -> precheck -> log time -> apply -> [due faults -> advance to the next]* -> verify -> observe -> reward -> end?

A step costs a fixed number of operations on [N] arrays, and Python only for the stands where something is due: a
command, a fault event, a rate limit's end, a pending postcheck, a reset.

Legend: N stands, A actions, S services, T buckets of one control step, J journeys.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario
from clusters.scenario_columns import ScenarioColumns, columns_of
from clusters.stand import StandBatch, StandError, StreamSource
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from envs.actions.catalogue import ActionCatalogue
from envs.episode_end import EpisodeRules, end_updates
from envs.fault_injection import FaultReceipt, inject_faults, lift_expired_limits
from envs.kernels.beginnings import begin_episodes
from envs.kernels.choices import choose_moving
from envs.kernels.due import let_pass, until_end
from envs.loop_state import END_REASONS, End, FreshRows, LoopState, empty_state
from envs.loop_step import LoopStep
from envs.observation import observation_of
from envs.operator_actions import OperatorActivity, carry_out
from envs.rewards.reward_function import RewardFunction
from envs.scenario_fit import check_fit
from envs.step_readings import StepReadings
from envs.time_scales import TimeScales

__all__ = ["ControlLoop", "EpisodeRules", "ForkableBatch"]

_DESIRED = signal_index(NODE_SIGNALS, "replicas_desired")
_COST = signal_index(STAND_SIGNALS, "resource_cost_millicores")
_HORIZON = int(End.HORIZON)
_KEPT = ("_batch", "application", "num_stands", "time_scales", "catalogue", "_reward", "_rules", "_fresh", "_state")
_NS = 1_000_000_000


@runtime_checkable
class ForkableBatch(Protocol):
    """A batch whose stands can be copied: the simulated one."""

    def fork(self, stands: Sequence[int], seeds: Sequence[int]) -> StandBatch:
        """Copies of these stands whose future randomness comes from `seeds`."""
        ...


@runtime_checkable
class PreparingBatch(Protocol):
    """A batch that can play warm-ups ahead of time: the simulated one."""

    def prepare(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Run the warm-ups that these stands' next resets will ask for; the stands do not move."""
        ...


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
        self._fresh = empty_state(self.catalogue, 1)
        self._remember(empty_state(self.catalogue, batch.num_stands))

    def reset(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Begin an episode on each stand named; the others do not move.

        Raises:
            UserError: a scenario is for another application, or does not fit the time scales.
        """
        columns = columns_of(scenarios)
        check_fit(columns, self.application.name, self.time_scales)
        self._batch.reset(stands, columns, seeds)
        rows = np.asarray(stands, dtype=np.int64)
        # A window of all stands may be a view, one of some stands is a copy.
        everyone = len(rows) == self.num_stands or self._state.num_steps.min() > 0
        self._fresh_rows.put(rows)
        self._begin_episodes(rows, bool(everyone), columns)

    def prepare(self, stands: Sequence[int], scenarios: Sequence[Scenario], seeds: Sequence[int]) -> None:
        """Run the warm-ups that these stands' next resets will ask for, all at once; nothing that is seen changes.

        Raises:
            StandError: the backend cannot.
        """
        if not isinstance(self._batch, PreparingBatch):
            raise StandError("these stands cannot play warm-ups ahead of time; use simulated stands")
        self._batch.prepare(stands, columns_of(scenarios), seeds)

    def window(self, window_seconds: float | None = None, bucket_seconds: float | None = None) -> TelemetryWindow:
        """[N, ...] raw telemetry up to now, valid until the next step; None: as an observation has it."""
        return self._batch.observe(
            window_seconds or self.time_scales.observation_window_seconds,
            bucket_seconds or self.time_scales.observation_bucket_seconds,
        )

    def observe(
        self, window_seconds: float | None = None, bucket_seconds: float | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """[N, ...] what policies see now. Valid until the next step."""
        return observation_of(self.window(window_seconds, bucket_seconds), self._state.allowed)

    def action_mask(self) -> NDArray[np.bool_]:
        """[N, A] what is allowed now."""
        return self._state.allowed.copy()

    def time_ns(self) -> NDArray[np.int64]:
        """[N] each stand's clock."""
        return self._state.now_ns.copy()

    def elapsed_seconds(self) -> NDArray[np.float64]:
        """[N] time since the end of the warm-up."""
        return self._state.elapsed_seconds.copy()

    def step(
        self,
        actions: NDArray[np.int64],
        active: NDArray[np.bool_] | None = None,
        *,
        discarded: NDArray[np.bool_] | None = None,
        keep_fault_receipts: bool = True,
    ) -> LoopStep:
        """Carry out one action per stand and let one control step pass.

        Args:
            actions: [N] indices in the catalogue; ignored where not active.
            active: [N] which stands move; None: all that have not ended.
            discarded: [N] which of the others are reset before anybody looks at them again. Time may pass on them too:
                to hold a few stands still costs more than to move all.
            keep_fault_receipts: whether anybody asks what came of the faults.

        Raises:
            ValueError: an action is no index of the catalogue.
            StandError: a stand was never reset.
        """
        state = self._state
        chosen, moving = self._checked(actions, active)
        action_times_ns = self.time_ns()
        carry_out(chosen, self._batch, self.catalogue, state, self.time_scales, self._activity)
        fault_receipts: list[FaultReceipt] = []
        advanced = moving if discarded is None else moving | discarded
        changed = self._advance(moving, advanced, fault_receipts if keep_fault_receipts else None)
        receipts = self._activity.verified(self._batch)
        window, rewards, terms = self._judge()
        self._is_mask_stale[self._activity.changed + changed] = True
        state.controls.follow_autoscalers(window.nodes[:, -1, :, _DESIRED], self._is_mask_stale)
        self._update_mask()
        return LoopStep(
            rewards=rewards,
            reward_terms=terms,
            terminated=state.ends > _HORIZON,
            truncated=state.ends == _HORIZON,
            end_reasons=END_REASONS.take(state.ends),
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
        batch = self._batch.fork(stands, seeds)
        fork = ControlLoop.__new__(ControlLoop)  # what is not per stand is shared: nothing changes it
        of_fork = {"_batch": batch, "num_stands": batch.num_stands, "_state": self._state.take(stands)}
        fork.__setstate__(self.__getstate__() | of_fork)
        return fork

    def __getstate__(self) -> dict[str, Any]:
        """What a copy or a pickle needs: without what is bound to the memory of this one."""
        return {name: getattr(self, name) for name in _KEPT}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept)
        self._remember(kept["_state"])

    def streams(self, stand: int, start_ns: int, end_ns: int, spec: StreamsSpec) -> StandStreams:
        """What a stand told beside its metrics from `start_ns` to before `end_ns`, whole buckets that are over.

        Raises:
            StandError: the backend tells no streams, or not of this span.
        """
        if not isinstance(self._batch, StreamSource):
            raise StandError("these stands tell no streams beside their metrics; switch the streams off")
        return self._batch.streams(stand, start_ns, end_ns, spec)

    def close(self) -> None:
        """Release the stands."""
        self._batch.close()

    def _remember(self, state: LoopState) -> None:
        """Make this the loop's memory; what is computed from it each step is bound to it."""
        scales, num_stands = self.time_scales, len(state.now_ns)
        num_buckets = round(scales.control_step_seconds / scales.reward_bucket_seconds)
        self._state = state
        self._chosen, self._moving = np.empty(num_stands, dtype=np.int64), np.empty(num_stands, dtype=np.bool_)
        self._is_mask_stale = np.zeros(num_stands, dtype=np.bool_)
        self._activity = OperatorActivity(num_stands)
        self._readings = StepReadings(self.application, state, self._activity, num_buckets)
        self._fresh_rows = FreshRows(state, self._fresh)
        self._update_ends = end_updates(
            self._readings, self._moving, self._activity.escalated, state, scales, self._rules
        )
        self._rewards = self._reward.of(self._readings.context, self._moving)
        self._update_mask = self.catalogue.mask_updates(state.allowed, state.controls, self._is_mask_stale)

    def _begin_episodes(self, stands: NDArray[np.int64], are_all_ready: bool, scenarios: ScenarioColumns) -> None:
        """Enter what the episodes of some stands [K] begin with, from the warm-ups that they just played."""
        scales, state = self.time_scales, self._state
        window = self._batch.observe(
            scales.observation_window_seconds, scales.observation_bucket_seconds, None if are_all_ready else stands
        )
        begin_episodes(
            stands,
            scenarios.horizon_seconds,
            scales.control_step_seconds,
            stands if are_all_ready else np.arange(len(stands)),
            window.times_ns,
            round(scales.observation_bucket_seconds * _NS),
            window.stand,
            _COST,
            state.num_steps,
            state.now_ns,
            state.baseline_cost_millicores,
        )
        state.schedule.load(stands, scenarios)

    def _checked(
        self, actions: NDArray[np.int64], active: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """([N] actions, 0 where a stand does not move; [N] which move)."""
        state = self._state
        asked = np.ones(self.num_stands, dtype=np.bool_) if active is None else active
        chosen, moving = self._chosen, self._moving
        num_unready, num_unknown = choose_moving(
            np.asarray(actions, dtype=np.int64), asked, state.num_steps, state.ends, len(self.catalogue), chosen, moving
        )
        if num_unready:
            raise StandError("a stand was stepped before its first reset; call reset for it")
        if num_unknown:
            raise ValueError(f"actions must be from 0 to {len(self.catalogue) - 1}, not {chosen.tolist()}")
        return chosen, moving

    def _advance(
        self, moving: NDArray[np.bool_], advanced: NDArray[np.bool_], receipts: list[FaultReceipt] | None
    ) -> list[int]:
        """Let a control step pass, in as few advances as what is due in between allows.

        Args:
            moving: [N] which stands move.
            advanced: [N] on which time passes.
            receipts: of the faults that were due, appended.

        Returns:
            Stands whose controls something else than policies changed.
        """
        state, bucket_seconds = self._state, self.time_scales.observation_bucket_seconds
        changed: list[int] = []
        if not moving.any():
            return changed
        selected = None if advanced.all() else np.flatnonzero(advanced)
        num_buckets = self.time_scales.buckets_per_step
        due = state.schedule.pop_due(moving, state.elapsed_seconds, bucket_seconds, num_buckets)
        until_limit = until_end(moving, state.elapsed_seconds, state.limit_ends_seconds)
        num_quiet = 0
        for bucket, of_bucket in enumerate(due):
            passed_seconds = bucket * bucket_seconds
            is_limit_over = until_limit <= passed_seconds
            if num_quiet and (of_bucket.stands.size or is_limit_over):
                self._batch.advance(num_quiet * bucket_seconds, selected)
                num_quiet = 0
            if of_bucket.stands.size:
                changed += inject_faults(of_bucket, self._batch, self.application, state, receipts)
            if is_limit_over:
                changed += lift_expired_limits(moving, self._batch, self.application, state, passed_seconds)
                until_limit = until_end(moving, state.elapsed_seconds, state.limit_ends_seconds)
            num_quiet += 1
        self._batch.advance(num_quiet * bucket_seconds, selected)
        seconds = self.time_scales.control_step_seconds
        let_pass(seconds, round(seconds * _NS), moving, state.elapsed_seconds, state.now_ns, state.step_index)
        return changed

    def _judge(self) -> tuple[TelemetryWindow, NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        scales = self.time_scales
        window = self._batch.observe(scales.control_step_seconds, scales.observation_bucket_seconds)
        judged = window
        if scales.reward_bucket_seconds != scales.observation_bucket_seconds:
            judged = self._batch.observe(scales.control_step_seconds, scales.reward_bucket_seconds)
        self._readings.read(judged)
        self._update_ends()
        return window, *self._rewards()
