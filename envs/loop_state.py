"""What a control loop remembers of N stands between steps, as arrays: changed in place, copied by rows.

Legend: N stands, S services, A actions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import bound
from envs.actions.catalogue import ActionCatalogue
from envs.actions.controls import Controls, baseline_controls
from envs.fault_schedule import FaultSchedule
from envs.kernels.rows import put_first_row

Rows = Sequence[int] | NDArray[np.int64]

RUNNING = ""
HORIZON = "horizon"
GOAL = "goal"
EMERGENCY = "emergency"
ESCALATED = "escalated"


class End(IntEnum):
    """Why an episode is over, as the number that arrays hold; the position in `END_REASONS`."""

    RUNNING = 0
    HORIZON = 1
    GOAL = 2
    EMERGENCY = 3
    ESCALATED = 4


END_REASONS: NDArray[np.object_] = np.array([RUNNING, HORIZON, GOAL, EMERGENCY, ESCALATED], dtype=object)
"""The word for each `End`."""


@dataclass(frozen=True, kw_only=True)
class LoopState:
    """One row per stand; the arrays are changed in place."""

    now_ns: NDArray[np.int64]
    """[N] the stand's clock, UTC nanoseconds."""
    elapsed_seconds: NDArray[np.float64]
    """[N] since the end of the warm-up."""
    step_index: NDArray[np.int64]
    """[N] control steps taken."""
    num_steps: NDArray[np.int64]
    """[N] control steps of the scenario; 0 before the first reset."""
    baseline_cost_millicores: NDArray[np.float64]
    """[N]"""
    limit_ends_seconds: NDArray[np.float64]
    """[N] when the rate limit lifts itself; infinite: never."""
    last_roll_seconds: NDArray[np.float64]
    """[N, S] when the operator last rolled a service."""
    incident_seen: NDArray[np.bool_]
    """[N] whether an objective was missed after a fault began."""
    green_seconds: NDArray[np.float64]
    """[N] how long every objective has been met."""
    outage_seconds: NDArray[np.float64]
    """[N] how long practically nothing has worked."""
    ends: NDArray[np.int8]
    """[N] `End` numbers."""
    allowed: NDArray[np.bool_]
    """[N, A] the catalogue's mask of `controls`: kept, because it changes only where controls do."""
    controls: Controls
    schedule: FaultSchedule

    def tables(self) -> tuple[tuple[NDArray[Any], ...], ...]:
        """All arrays, those of the controls too, as [N, any] by type: what a kernel can go through."""
        arrays = [getattr(self, name) for name in _ARRAYS]
        arrays += self.controls
        by_type: dict[np.dtype[Any], list[NDArray[Any]]] = {}
        for array in arrays:
            by_type.setdefault(array.dtype, []).append(array.reshape(len(array), -1))
        return tuple(map(tuple, by_type.values()))

    def take(self, rows: Rows) -> "LoopState":
        """Copies of these stands' rows."""
        index = np.asarray(rows, dtype=np.int64)
        arrays = {name: np.take(getattr(self, name), index, axis=0) for name in _ARRAYS}
        return replace(self, controls=self.controls.take(index), schedule=self.schedule.take(index), **arrays)


_ARRAYS = tuple(field.name for field in fields(LoopState) if field.name not in ("controls", "schedule"))


class FreshRows:
    """Forgets the last episodes of some stands of a state, in place: they become as the one row of `fresh`."""

    def __init__(self, state: LoopState, fresh: LoopState) -> None:
        self._is_chosen = np.zeros(len(state.now_ns), dtype=np.bool_)
        tables = zip(fresh.tables(), state.tables(), strict=True)
        self._puts = [bound(put_first_row, self._is_chosen, theirs, ours) for theirs, ours in tables]

    def put(self, rows: NDArray[np.int64]) -> None:
        """On these stands."""
        self._is_chosen[rows] = True
        for put in self._puts:
            put()
        self._is_chosen[rows] = False


def empty_state(catalogue: ActionCatalogue, num_stands: int) -> LoopState:
    """N stands before their first reset."""
    controls = baseline_controls(catalogue.application, num_stands)
    return LoopState(
        now_ns=np.zeros(num_stands, dtype=np.int64),
        elapsed_seconds=np.zeros(num_stands),
        step_index=np.zeros(num_stands, dtype=np.int64),
        num_steps=np.zeros(num_stands, dtype=np.int64),
        baseline_cost_millicores=np.full(num_stands, np.nan),
        limit_ends_seconds=np.full(num_stands, np.inf),
        last_roll_seconds=np.full((num_stands, len(catalogue.application.services)), -np.inf),
        incident_seen=np.zeros(num_stands, dtype=np.bool_),
        green_seconds=np.zeros(num_stands),
        outage_seconds=np.zeros(num_stands),
        ends=np.zeros(num_stands, dtype=np.int8),
        allowed=catalogue.mask(controls),
        controls=controls,
        schedule=FaultSchedule(catalogue.application, num_stands),
    )
