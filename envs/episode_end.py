"""When an episode is over.

Legend: N stands.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import bound
from envs.kernels.ends import Courses, EndNumbers, EndRules, update_ends
from envs.loop_state import End, LoopState
from envs.step_readings import StepReadings
from envs.time_scales import TimeScales

_NUMBERS = EndNumbers(int(End.HORIZON), int(End.GOAL), int(End.EMERGENCY), int(End.ESCALATED))


@dataclass(frozen=True, kw_only=True)
class EpisodeRules:
    """What may end an episode before its horizon. Escalation always does."""

    end_on_goal: bool = True
    """Every objective was met for `cooldown_seconds` after an incident, and no fault is still to come."""
    end_on_emergency: bool = True
    """Practically nothing has worked for `emergency_seconds`."""
    emergency_seconds: float = 180.0
    emergency_good_ratio: float = 0.02
    """Less than this share of good requests is a total outage."""

    def __post_init__(self) -> None:
        if self.emergency_seconds <= 0:
            raise ValueError(f"emergency_seconds must be positive, not {self.emergency_seconds}")
        if not 0 <= self.emergency_good_ratio <= 1:
            raise ValueError(f"emergency_good_ratio must be from 0 to 1, not {self.emergency_good_ratio}")


def end_updates(
    readings: StepReadings,
    moving: NDArray[np.bool_],
    escalated: NDArray[np.bool_],
    state: LoopState,
    time_scales: TimeScales,
    rules: EpisodeRules,
) -> Callable[[], None]:
    """What brings the loop's memory of good and bad times up to date and sets the end reasons, step after step.

    Args:
        readings: of the step at hand; which episodes are over as an emergency, and the steps left, is entered there.
        moving: [N] which stands moved, each time in the same memory.
        escalated: [N] whether the step handed over, likewise.
        state: of the loop, in place.
        time_scales: of the loop.
        rules: what ends an episode.
    """
    return bound(
        update_ends,
        moving,
        readings.levels,
        time_scales.reward_bucket_seconds,
        escalated,
        state.schedule.has_begun,
        state.num_steps,
        state.step_index,
        state.schedule.num_injections_left,
        EndRules(
            bad_enough=1.0 - rules.emergency_good_ratio,
            goal_seconds=float(time_scales.cooldown_seconds) if rules.end_on_goal else inf,
            emergency_seconds=float(rules.emergency_seconds) if rules.end_on_emergency else inf,
        ),
        _NUMBERS,
        Courses(state.green_seconds, state.outage_seconds, state.incident_seen, state.ends),
        readings.emergency,
        readings.remaining_steps,
    )
