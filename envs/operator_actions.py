"""Carrying out what policies chose: precheck, apply, and what the reward must know of it.

Only stands where a command is due cost any Python. Legend: N stands, A actions, S services.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.commands import CheckStatus, CommandStatus, OperatorCommand, Receipt, SetRateLimit
from clusters.stand import StandBatch
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import record_command, rolls
from envs.fault_schedule import HEALING
from envs.loop_state import LoopState
from envs.time_scales import TimeScales


class OperatorActivity:
    """What the operator did to N stands in the step at hand: each step overwrites it."""

    def __init__(self, num_stands: int) -> None:
        self._counts = np.zeros((3, num_stands), dtype=np.int64)
        self.num_changes, self.num_replicas_touched, self.num_unsafe = self._counts
        """[N] of each: commands that changed something, replicas, unsafe actions."""
        self.escalated = np.zeros(num_stands, dtype=np.bool_)
        """[N]"""
        self.receipts: dict[int, Receipt] = {}
        """By stand; only where a command was due."""
        self.changed: list[int] = []
        """Stands whose controls a command may have changed."""

    def begin_step(self, escalated: NDArray[np.bool_]) -> None:
        """Forget the last step; this one hands some stands [N] over."""
        self._counts.fill(0)
        self.escalated[...] = escalated
        self.receipts, self.changed = {}, []

    def verified(self, batch: StandBatch) -> dict[int, Receipt]:
        """The receipts with the postchecks that were pending brought up to date."""
        return {
            stand: batch.verify(stand, receipt) if receipt.postcheck_status is CheckStatus.PENDING else receipt
            for stand, receipt in self.receipts.items()
        }


def carry_out(
    actions: NDArray[np.int64],
    batch: StandBatch,
    catalogue: ActionCatalogue,
    state: LoopState,
    time_scales: TimeScales,
    activity: OperatorActivity,
) -> None:
    """Apply the actions [N] that are not 0; a masked one is refused, with a receipt that says so."""
    activity.begin_step(catalogue.escalates.take(actions))
    chosen = [(stand, actions.item(stand)) for stand in actions.nonzero()[0].tolist()]
    # Stage by stage: what does the same thing again and again runs faster.
    commands = [(stand, action, catalogue.command(action, state.controls, stand)) for stand, action in chosen]
    applied = []
    for stand, action, command in commands:
        if command is None:
            continue
        if state.allowed.item(stand, action):
            activity.receipts[stand] = receipt = batch.apply(stand, command)
            applied.append((stand, command, receipt))
        else:
            activity.receipts[stand] = _rejected(command, catalogue.names[action], int(state.now_ns[stand]))
            activity.num_unsafe[stand] += 1
    for stand, command, receipt in applied:
        _record(stand, command, receipt, catalogue, state, time_scales, activity)


def _record(
    stand: int,
    command: OperatorCommand,
    receipt: Receipt,
    catalogue: ActionCatalogue,
    state: LoopState,
    time_scales: TimeScales,
    activity: OperatorActivity,
) -> None:
    """Enter what an applied command did into the loop's memory and the step's activity."""
    if not receipt.is_in_force:
        activity.num_unsafe[stand] += 1
        return
    touched = record_command(state.controls, catalogue.application, stand, command)
    activity.changed.append(stand)
    if receipt.status is CommandStatus.APPLIED:
        activity.num_changes[stand] += 1
        activity.num_replicas_touched[stand] += touched
    if type(command) in HEALING:  # asked here: most commands heal nothing, and a call costs more than the question
        state.schedule.heal(stand, command)
    now_seconds = float(state.elapsed_seconds[stand])
    if (service := rolls(command)) is not None:
        position = catalogue.application.service_names.index(service)
        if now_seconds - state.last_roll_seconds[stand, position] <= time_scales.cooldown_seconds:
            activity.num_unsafe[stand] += 1
        state.last_roll_seconds[stand, position] = now_seconds
    if isinstance(command, SetRateLimit):
        lasts = command.limit_rps is not None and time_scales.action_duration_seconds > 0
        state.limit_ends_seconds[stand] = now_seconds + time_scales.action_duration_seconds if lasts else np.inf


def _rejected(command: OperatorCommand, name: str, now_ns: int) -> Receipt:
    return Receipt(
        command=command,
        precheck_status=CheckStatus.FAILED,
        status=CommandStatus.REJECTED,
        postcheck_status=CheckStatus.SKIPPED,
        requested_at_ns=now_ns,
        completed_at_ns=now_ns,
        message=f"{name} is masked: it would leave the bounds or change nothing",
    )
