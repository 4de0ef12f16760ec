"""What the scenario and the clock do to stands at a bucket's start: faults come and go, rate limits run out.

Legend: N stands.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Receipt, SetAutoscaler, SetGroup, SetRateLimit, ShiftTraffic
from clusters.stand import StandBatch
from clusters.topology import Application
from envs.actions.control_record import record_command
from envs.loop_state import LoopState

_RECORDED = (ShiftTraffic, SetGroup, SetAutoscaler)
FaultReceipts = dict[int, list[tuple[str, Receipt]]]
"""Stand -> (fault id, receipt) of what was injected and cleared there; only stands where something was."""


def seconds_until_due(moving: NDArray[np.bool_], state: LoopState) -> float:
    """Time to the next fault event or end of a rate limit on any stand that moves; 0 or less: it is due now."""
    due = np.minimum(state.schedule.next_seconds, state.limit_ends_seconds)
    due -= state.elapsed_seconds
    return float(due.min(initial=np.inf, where=moving))


def inject_due_faults(
    moving: NDArray[np.bool_], batch: StandBatch, application: Application, state: LoopState, receipts: FaultReceipts
) -> list[int]:
    """Apply the fault events that are due; (fault id, receipt) is appended per stand.

    Returns:
        Stands whose controls changed: a roll-out, an autoscaler or a group is no secret, a flag is.
    """
    due = np.flatnonzero(moving & (state.schedule.next_seconds <= state.elapsed_seconds))
    if not due.size:
        return []
    changed = []
    for stand, fault_id, command in state.schedule.pop_due(due, state.elapsed_seconds[due]):
        receipt = batch.apply(stand, command)
        receipts.setdefault(stand, []).append((fault_id, receipt))
        if isinstance(command, _RECORDED) and receipt.is_in_force:
            record_command(state.controls, application, stand, command)
            changed.append(stand)
    return changed


def lift_expired_limits(
    moving: NDArray[np.bool_], batch: StandBatch, application: Application, state: LoopState
) -> list[int]:
    """Lift the rate limits whose time is over; returns the stands where that was so."""
    expired = np.flatnonzero(moving & (state.limit_ends_seconds <= state.elapsed_seconds)).tolist()
    for stand in expired:
        lift = SetRateLimit(limit_rps=None)
        batch.apply(stand, lift)
        record_command(state.controls, application, stand, lift)
        state.limit_ends_seconds[stand] = np.inf
    return expired
