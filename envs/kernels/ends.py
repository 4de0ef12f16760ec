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
        violated: [T, N] whether an objective is missed.
        served: [T, N] whether anybody wanted anything, and what they got is known.
        bad_share: [T, N] of the requests.
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
        for t in range(violated.shape[0]):
            green_seconds[n] = 0.0 if violated[t, n] else green_seconds[n] + bucket_seconds
            is_down = served[t, n] and bad_share[t, n] > bad_enough
            outage_seconds[n] = outage_seconds[n] + bucket_seconds if is_down else 0.0
            incident_seen[n] |= has_begun[n] and violated[t, n]
