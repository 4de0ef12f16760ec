"""How long good and bad times have lasted, and which episodes they end.

Legend: N stands, T reward buckets of the step.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@compiled
def extend_times(
    moving: Bools,
    violated: Bools,
    served: Bools,
    bad_share: Floats,
    bad_enough: float,
    bucket_seconds: float,
    has_begun: Bools,
    green_seconds: Floats,
    outage_seconds: Floats,
    incident_seen: Bools,
) -> None:
    """Bring up to date, of the stands that move, how long a condition has held and whether an incident was seen.

    Args:
        moving: [N]
        violated: [N, T] whether an objective is missed.
        served: [N, T] whether anybody wanted anything, and what they got is known.
        bad_share: [N, T] of the requests.
        bad_enough: more than this share is a total outage.
        bucket_seconds: length of a bucket.
        has_begun: [N] whether a fault was injected.
        green_seconds: [N] no objective was missed, in place.
        outage_seconds: [N] practically nothing worked, in place.
        incident_seen: [N] an objective was missed after a fault began, in place.
    """
    for n in range(moving.shape[0]):
        if not moving[n]:
            continue
        for t in range(violated.shape[1]):
            green_seconds[n] = 0.0 if violated[n, t] else green_seconds[n] + bucket_seconds
            is_down = served[n, t] and bad_share[n, t] > bad_enough
            outage_seconds[n] = outage_seconds[n] + bucket_seconds if is_down else 0.0
            incident_seen[n] |= has_begun[n] and violated[n, t]


@compiled
def find_ends(
    moving: Bools,
    escalated: Bools,
    steps_left: Ints,
    injections_left: Ints,
    incident_seen: Bools,
    green_seconds: Floats,
    outage_seconds: Floats,
    goal_seconds: float,
    emergency_seconds: float,
    numbers: tuple[int, int, int, int],
    ends: NDArray[np.int8],
    emergency: Bools,
) -> None:
    """Fill why the episodes of the stands [N] that move are over: escalation before emergency, goal and horizon.

    Args:
        moving: [N]
        escalated: [N] whether the stand was handed over.
        steps_left: [N] of the scenario.
        injections_left: [N] faults still to come.
        incident_seen: [N]
        green_seconds: [N]
        outage_seconds: [N]
        goal_seconds: green time after an incident that ends an episode; infinite: none does.
        emergency_seconds: outage that does; infinite: none does.
        numbers: what stands for horizon, goal, emergency and escalation.
        ends: [N] left as it is where the episode goes on.
        emergency: [N] whether it is over as one.
    """
    horizon, goal, outage, escalation = numbers
    for n in range(moving.shape[0]):
        emergency[n] = moving[n] and not escalated[n] and outage_seconds[n] >= emergency_seconds
        is_recovered = incident_seen[n] and injections_left[n] == 0 and green_seconds[n] >= goal_seconds
        if not moving[n]:
            continue
        if escalated[n]:
            ends[n] = escalation
        elif emergency[n]:
            ends[n] = outage
        elif is_recovered:
            ends[n] = goal
        elif steps_left[n] <= 0:
            ends[n] = horizon
