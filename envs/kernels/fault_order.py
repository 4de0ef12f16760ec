"""The commands of each scenario's faults, brought into time order.

Legend: K scenarios, W rows of a scenario with those that fill.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from clusters.fault_rows import Rows
from envs.kernels.due import VOID


@compiled
def put_in_time_order(rows: Rows, ordered: Rows, counts: NDArray[np.int64]) -> None:
    """Write each scenario's rows in the order in which an orchestrator gives them; few are out of place.

    Args:
        rows: [K, W]; those whose verb is `VOID` fill, and are left out.
        ordered: [K, W] filled from the left: by time, at one time clearances first, then as the rows were.
        counts: [K] filled: how many rows a scenario has.
    """
    for k in range(rows.shape[0]):
        count = 0
        for w in range(rows.shape[1]):
            if rows[k, w].verb == VOID:
                continue
            seconds, is_clearance, at = rows[k, w].seconds, rows[k, w].is_clearance, count
            while at and (
                ordered[k, at - 1].seconds > seconds
                or (ordered[k, at - 1].seconds == seconds and is_clearance and not ordered[k, at - 1].is_clearance)
            ):
                ordered[k, at] = ordered[k, at - 1]
                at -= 1
            ordered[k, at] = rows[k, w]
            count += 1
        counts[k] = count
