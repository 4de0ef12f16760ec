"""When an episode is over.

Legend: N stands, T reward buckets of the step.
"""

from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from envs.kernels.ends import extend_times, find_ends
from envs.kernels.levels import ServiceLevels
from envs.loop_state import End, LoopState
from envs.time_scales import TimeScales

_NUMBERS = (int(End.HORIZON), int(End.GOAL), int(End.EMERGENCY), int(End.ESCALATED))


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


def update_end(
    levels: ServiceLevels,
    moving: NDArray[np.bool_],
    escalated: NDArray[np.bool_],
    state: LoopState,
    time_scales: TimeScales,
    rules: EpisodeRules,
) -> NDArray[np.bool_]:
    """Bring the loop's memory of good and bad times up to date and set the end reasons (in place).

    Returns:
        [N] whether this step ended the episode as an emergency.
    """
    schedule = state.schedule
    extend_times(
        moving,
        levels.violated,
        levels.served,
        levels.bad_share,
        1.0 - rules.emergency_good_ratio,
        time_scales.reward_bucket_seconds,
        schedule.has_begun,
        state.green_seconds,
        state.outage_seconds,
        state.incident_seen,
    )
    emergency = np.empty(len(moving), dtype=np.bool_)
    find_ends(
        moving,
        escalated,
        state.num_steps - state.step_index,
        schedule.num_injections_left,
        state.incident_seen,
        state.green_seconds,
        state.outage_seconds,
        time_scales.cooldown_seconds if rules.end_on_goal else inf,
        rules.emergency_seconds if rules.end_on_emergency else inf,
        _NUMBERS,
        state.ends,
        emergency,
    )
    return emergency
