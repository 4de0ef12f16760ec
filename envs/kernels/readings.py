"""What rewards need of a step's telemetry and of the controls.

Legend: N stands, T buckets, S services, F signals, P optional groups.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def add_counts(nodes: NDArray[np.float32], signal: int, counts: Floats) -> None:
    """Add a signal that counts, over all services and buckets of [T, S, F, N], to [N]; unknown ones are none.

    Counts are whole numbers: no order of summation can round them.
    """
    num_buckets, num_services, _, num_stands = nodes.shape
    for t in range(num_buckets):
        for s in range(num_services):
            for n in range(num_stands):
                count = nodes[t, s, signal, n]
                counts[n] += np.float64(count if count > np.float32(0.0) else np.float32(0.0))


@compiled
def fill_shares_off(enabled: NDArray[np.bool_], shares: Floats) -> None:
    """Fill [N] with the share of the groups [N, P] that are off; 0 where there are none."""
    num_stands, num_groups = enabled.shape
    for n in range(num_stands):
        num_off = 0
        for p in range(num_groups):
            num_off += not enabled[n, p]
        shares[n] = num_off / max(num_groups, 1)


@compiled
def fill_mean_costs(stand: NDArray[np.float32], signal: int, stands: NDArray[np.int64], costs: Floats) -> None:
    """Fill [K] with the mean of a signal over the known buckets of [T, F, N], of these stands; NaN: there is none."""
    for k in range(len(stands)):
        total, num_known = 0.0, 0
        for t in range(stand.shape[0]):
            value = stand[t, signal, stands[k]]
            if value >= np.float32(0.0):
                total += np.float64(value)
                num_known += 1
        costs[k] = total / num_known if num_known else np.nan
