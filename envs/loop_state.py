"""What a control loop remembers of N stands between steps, as arrays.

Legend: N stands, S services.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clusters.topology import Application
from envs.actions.action import Controls
from envs.actions.control_record import baseline_controls
from envs.fault_schedule import FaultSchedule

RUNNING = ""
HORIZON = "horizon"
GOAL = "goal"
EMERGENCY = "emergency"
ESCALATED = "escalated"


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
    controls: Controls
    schedule: FaultSchedule
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
    end_reasons: NDArray[np.str_]
    """[N] empty while the episode runs."""

    @property
    def ended(self) -> NDArray[np.bool_]:
        """[N] whether the episode is over, or was never begun."""
        over: NDArray[np.bool_] = (self.end_reasons != RUNNING) | (self.num_steps == 0)
        return over

    def begin(self, stand: int, application: Application, *, num_steps: int) -> None:
        """Forget a stand's last episode."""
        fresh = empty_state(application, 1)
        for name in _ARRAYS:
            getattr(self, name)[stand] = getattr(fresh, name)[0]
        self.controls.put(stand, fresh.controls)
        self.num_steps[stand] = num_steps

    def take(self, stands: Sequence[int]) -> "LoopState":
        """Copies of these stands' rows."""
        rows = np.asarray(stands, dtype=np.int64)
        arrays = {name: getattr(self, name)[rows] for name in _ARRAYS}
        return replace(self, controls=self.controls.take(rows), schedule=self.schedule.take(stands), **arrays)


_ARRAYS = (
    "now_ns",
    "elapsed_seconds",
    "step_index",
    "num_steps",
    "baseline_cost_millicores",
    "limit_ends_seconds",
    "last_roll_seconds",
    "incident_seen",
    "green_seconds",
    "outage_seconds",
    "end_reasons",
)


def empty_state(application: Application, num_stands: int) -> LoopState:
    """N stands before their first reset."""
    return LoopState(
        now_ns=np.zeros(num_stands, dtype=np.int64),
        elapsed_seconds=np.zeros(num_stands),
        step_index=np.zeros(num_stands, dtype=np.int64),
        num_steps=np.zeros(num_stands, dtype=np.int64),
        controls=baseline_controls(application, num_stands),
        schedule=FaultSchedule(num_stands),
        baseline_cost_millicores=np.full(num_stands, np.nan),
        limit_ends_seconds=np.full(num_stands, np.inf),
        last_roll_seconds=np.full((num_stands, len(application.services)), -np.inf),
        incident_seen=np.zeros(num_stands, dtype=np.bool_),
        green_seconds=np.zeros(num_stands),
        outage_seconds=np.zeros(num_stands),
        end_reasons=np.full(num_stands, RUNNING, dtype="<U12"),
    )
