"""How episodes begin: what the loop's memory takes from their scenarios and warm-ups.

Legend: N stands, K episodes, T buckets of the warm-up that are known, F signals.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def begin_episodes(
    stands: Ints,
    horizon_seconds: Floats,
    step_seconds: float,
    rows: Ints,
    times_ns: Ints,
    bucket_ns: int,
    stand: NDArray[np.float32],
    cost: int,
    num_steps: Ints,
    now_ns: Ints,
    baseline_cost: Floats,
) -> None:
    """Enter how long the episodes are, when they begin, and what the stands cost before.

    Args:
        stands: [K]
        horizon_seconds: [K]
        step_seconds: length of a control step.
        rows: [K] where in the next ones the warm-up of each is.
        times_ns: [any, T] beginnings of buckets.
        bucket_ns: length of a bucket.
        stand: [any, T, F] telemetry.
        cost: position of the reserved CPU, millicores, among its signals.
        num_steps: [N] control steps of each scenario, in place.
        now_ns: [N] end of the last bucket, in place.
        baseline_cost: [N] mean over the known buckets, in place; NaN: there is none.
    """
    for k in range(stands.shape[0]):
        n, row = stands[k], rows[k]
        num_steps[n] = np.int64(np.rint(horizon_seconds[k] / step_seconds))
        now_ns[n] = times_ns[row, times_ns.shape[1] - 1] + bucket_ns
        total, num_known = 0.0, 0
        for t in range(stand.shape[1]):
            value = stand[row, t, cost]
            if value >= np.float32(0.0):
                total += np.float64(value)
                num_known += 1
        baseline_cost[n] = total / num_known if num_known else np.nan
