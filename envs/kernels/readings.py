"""What rewards need of a step's telemetry and of the controls.

Legend: N stands, T buckets, S services, F signals, P optional groups.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


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
