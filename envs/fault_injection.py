"""What the scenario and the clock do to stands at a bucket's start: faults come and go, rate limits run out.

Legend: N stands.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Receipt, SetRateLimit
from clusters.stand import StandBatch
from clusters.topology import Application
from envs.actions.control_record import record_command
from envs.loop_state import LoopState


def inject_due_faults(
    moving: NDArray[np.bool_], batch: StandBatch, state: LoopState, receipts: list[list[tuple[str, Receipt]]]
) -> None:
    """Apply the fault events that are due; (fault id, receipt) is appended per stand."""
    due = moving & (state.schedule.next_seconds <= state.elapsed_seconds)
    for stand in np.flatnonzero(due).tolist():
        for event in state.schedule.pop_due(stand, float(state.elapsed_seconds[stand])):
            receipts[stand].append((event.fault_id, batch.apply(stand, event.command)))


def lift_expired_limits(
    moving: NDArray[np.bool_], batch: StandBatch, application: Application, state: LoopState
) -> None:
    """Lift the rate limits whose time is over."""
    for stand in np.flatnonzero(moving & (state.limit_ends_seconds <= state.elapsed_seconds)).tolist():
        lift = SetRateLimit(limit_rps=None)
        batch.apply(stand, lift)
        record_command(state.controls, application, stand, lift)
        state.limit_ends_seconds[stand] = np.inf
