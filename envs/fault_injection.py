"""What the scenario and the clock do to stands at a bucket's start: faults come and go, rate limits run out.

Legend: N stands.
"""

from functools import cache
from typing import cast

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Receipt, SetAutoscaler, SetGroup, SetRateLimit, ShiftTraffic
from clusters.fault_rows import plain
from clusters.stand import RowBatch, StandBatch
from clusters.topology import Application
from envs.actions.control_record import record_command
from envs.fault_schedule import NOTHING_DUE, DueEvents
from envs.loop_state import LoopState

_RECORDED = frozenset({ShiftTraffic, SetGroup, SetAutoscaler})
FaultReceipt = tuple[int, str, Receipt]
"""(stand, fault id, receipt) of an injection or a clearance."""


def inject_faults(
    due: DueEvents,
    batch: StandBatch,
    application: Application,
    state: LoopState,
    receipts: list[FaultReceipt] | None,
) -> list[int]:
    """Apply fault events that are due; what came of them is appended to `receipts`, if there is such a list.

    Returns:
        Stands whose controls changed: a roll-out, an autoscaler or a group is no secret, a flag is.
    """
    changed: list[int] = []
    if receipts is None:
        due = _without_rows(batch, due, state.schedule.fault_ids(due.stands))
        if not due.stands.size:
            return []
    for stand, event in zip(due.stands.tolist(), plain(due.events), strict=True):
        command = state.schedule.command(stand, event)
        receipt = batch.apply(stand, command)
        if receipts is not None:
            receipts.append((stand, state.schedule.fault_id(stand, event), receipt))
        if type(command) in _RECORDED and receipt.is_in_force:
            record_command(state.controls, application, stand, command)
            changed.append(stand)
    return changed


def _without_rows(batch: StandBatch, due: DueEvents, fault_ids: NDArray[np.object_]) -> DueEvents:
    """Carry out at once what the batch can carry out as rows; what is left."""
    if not _takes_rows(type(batch)):
        return due
    is_done = cast(RowBatch, batch).apply_rows(due.stands, due.events, fault_ids)
    if is_done.all():
        return NOTHING_DUE
    is_left = ~is_done
    return DueEvents(due.stands[is_left], due.events[is_left])


@cache
def _takes_rows(batch: type) -> bool:
    """Asked once: to ask whether something fulfils a protocol takes as long as a dozen commands."""
    return issubclass(batch, RowBatch)


def lift_expired_limits(
    moving: NDArray[np.bool_], batch: StandBatch, application: Application, state: LoopState, passed_seconds: float
) -> list[int]:
    """Lift the rate limits whose time is over, so long after a step began; returns the stands where that was so."""
    expired = np.flatnonzero(moving & (state.limit_ends_seconds <= state.elapsed_seconds + passed_seconds)).tolist()
    for stand in expired:
        lift = SetRateLimit(limit_rps=None)
        batch.apply(stand, lift)
        record_command(state.controls, application, stand, lift)
        state.limit_ends_seconds[stand] = np.inf
    return expired
