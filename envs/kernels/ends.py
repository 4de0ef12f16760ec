"""How long good and bad times have lasted, and which episodes they end.

Legend: N stands, T reward buckets of the step.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.kernels.levels import ServiceLevels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class EndNumbers(NamedTuple):
    """What stands for why an episode is over."""

    horizon: int
    goal: int
    emergency: int
    escalated: int


class EndRules(NamedTuple):
    """What ends an episode before its horizon."""

    bad_enough: float
    """More than this share of bad requests is a total outage."""
    goal_seconds: float
    """Green time after an incident that ends an episode; infinite: none does."""
    emergency_seconds: float
    """Outage that does; infinite: none does."""


class Courses(NamedTuple):
    """[N] how the episodes went so far, in place."""

    green_seconds: Floats
    """How long no objective was missed."""
    outage_seconds: Floats
    """How long practically nothing worked."""
    incident_seen: Bools
    """Whether an objective was missed after a fault began."""
    ends: NDArray[np.int8]
    """Why the episode is over; left as it is where it goes on."""


@compiled
def update_ends(
    moving: Bools,
    levels: ServiceLevels,
    bucket_seconds: float,
    escalated: Bools,
    has_begun: Bools,
    num_steps: Ints,
    step_index: Ints,
    injections_left: Ints,
    rules: EndRules,
    numbers: EndNumbers,
    courses: Courses,
    emergency: Bools,
    remaining_steps: Ints,
) -> None:
    """Bring up to date, of the stands that move, how long conditions have held, and which episodes are over.

    Escalation comes before emergency, goal and horizon.

    Args:
        moving: [N]
        levels: [N, T, ...]
        bucket_seconds: length of a bucket.
        escalated: [N] whether the stand was handed over.
        has_begun: [N] whether a fault was injected.
        num_steps: [N] of the scenario.
        step_index: [N] how many of them are over.
        injections_left: [N] faults still to come.
        rules: what ends an episode.
        numbers: what stands for it.
        courses: in place.
        emergency: [N] filled with whether it is over as one.
        remaining_steps: [N] filled with how many steps are left.
    """
    for n in range(moving.shape[0]):
        emergency[n], remaining_steps[n] = False, num_steps[n] - step_index[n]
        if not moving[n]:
            continue
        green, outage, incident = courses.green_seconds[n], courses.outage_seconds[n], courses.incident_seen[n]
        for t in range(levels.violated.shape[1]):
            is_violated = levels.violated[n, t]
            is_down = levels.served[n, t] and levels.bad_share[n, t] > rules.bad_enough
            green = 0.0 if is_violated else green + bucket_seconds
            outage = outage + bucket_seconds if is_down else 0.0
            incident |= has_begun[n] and is_violated
        courses.green_seconds[n], courses.outage_seconds[n], courses.incident_seen[n] = green, outage, incident
        emergency[n] = not escalated[n] and outage >= rules.emergency_seconds
        if escalated[n]:
            courses.ends[n] = numbers.escalated
        elif emergency[n]:
            courses.ends[n] = numbers.emergency
        elif incident and injections_left[n] == 0 and green >= rules.goal_seconds:
            courses.ends[n] = numbers.goal
        elif remaining_steps[n] <= 0:
            courses.ends[n] = numbers.horizon
