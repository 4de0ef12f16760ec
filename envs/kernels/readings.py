"""What rewards need of a step's telemetry and of the controls.

Legend: N stands, T buckets, S services, F signals, P optional groups.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def read_step(
    nodes: NDArray[np.float32],
    restarts: int,
    stand: NDArray[np.float32],
    cost: int,
    enabled: NDArray[np.bool_],
    num_restarts: Floats,
    costs: Floats,
    shares_off: Floats,
) -> None:
    """Read what telemetry and the controls say of a step.

    Args:
        nodes: [T, S, F, N]
        restarts: position of a signal that counts: whole numbers, which no order of summation can round.
        stand: [T, F, N]
        cost: position of a signal.
        enabled: [N, P] which groups are on.
        num_restarts: [N] filled with the sum over services and buckets; unknown ones are none.
        costs: [T, N] filled.
        shares_off: [N] filled with the share of the groups that are off; 0 where there are none.
    """
    num_buckets, num_services, _, num_stands = nodes.shape
    for n in range(num_stands):
        num_restarts[n] = 0.0
        num_off = 0
        for p in range(enabled.shape[1]):
            num_off += not enabled[n, p]
        shares_off[n] = num_off / max(enabled.shape[1], 1)
    for t in range(num_buckets):
        for s in range(num_services):
            for n in range(num_stands):
                count = nodes[t, s, restarts, n]
                num_restarts[n] += np.float64(count if count > np.float32(0.0) else np.float32(0.0))
        for n in range(num_stands):
            costs[t, n] = stand[t, cost, n]


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
