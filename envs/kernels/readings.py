"""What rewards need of a step's telemetry and of the controls.

Legend: N stands, T buckets, S services, F signals, P optional groups.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def add_up(restarts: NDArray[np.float32], enabled: NDArray[np.bool_], num_restarts: Floats, shares_off: Floats) -> None:
    """Sum up what counts of a step.

    Args:
        restarts: [T, N, S] whole numbers, which no order of summation can round; unknown ones are none.
        enabled: [N, P] which groups are on.
        num_restarts: [N] filled with the sum over services and buckets.
        shares_off: [N] filled with the share of the groups that are off; 0 where there are none.
    """
    for n in range(restarts.shape[1]):
        total = np.float32(0.0)
        for t in range(restarts.shape[0]):
            for s in range(restarts.shape[2]):
                count = restarts[t, n, s]
                total += count if count > np.float32(0.0) else np.float32(0.0)
        num_restarts[n] = total
        num_off = 0
        for p in range(enabled.shape[1]):
            num_off += not enabled[n, p]
        shares_off[n] = num_off / max(enabled.shape[1], 1)


@compiled
def fill_mean_costs(stand: NDArray[np.float32], signal: int, stands: NDArray[np.int64], costs: Floats) -> None:
    """Fill [K] with the mean of a signal over the known buckets of [N, T, F], of these stands; NaN: there is none."""
    for k in range(len(stands)):
        total, num_known = 0.0, 0
        for t in range(stand.shape[1]):
            value = stand[stands[k], t, signal]
            if value >= np.float32(0.0):
                total += np.float64(value)
                num_known += 1
        costs[k] = total / num_known if num_known else np.nan
