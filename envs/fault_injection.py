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

_RECORDED = frozenset({ShiftTraffic, SetGroup, SetAutoscaler})
FaultReceipt = tuple[int, str, Receipt]
"""(stand, fault id, receipt) of an injection or a clearance."""


def inject_due_faults(
    moving: NDArray[np.bool_],
    batch: StandBatch,
    application: Application,
    state: LoopState,
    receipts: list[FaultReceipt] | None,
) -> list[int]:
    """Apply the fault events that are due; what came of them is appended to `receipts`, if there is such a list.

    Returns:
        Stands whose controls changed: a roll-out, an autoscaler or a group is no secret, a flag is.
    """
    changed = []
    for stand, fault_id, command in state.schedule.pop_due(moving, state.elapsed_seconds):
        receipt = batch.apply(stand, command)
        if receipts is not None:
            receipts.append((stand, fault_id, receipt))
        if type(command) in _RECORDED and receipt.is_in_force:
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
