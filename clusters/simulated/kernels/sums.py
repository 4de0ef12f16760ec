"""Rows added up by owner."""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@compiled
def add_by_owner(owners: Ints, rows: Floats, totals: Floats) -> None:
    """Fill [K, G, N] with the sums of the rows [K, X, N] of each owner, row after row; `owners` [X] are below G."""
    totals[...] = np.float32(0.0)
    for k in range(rows.shape[0]):
        for x in range(rows.shape[1]):
            owner = owners[x]
            for n in range(rows.shape[2]):
                totals[k, owner, n] += rows[k, x, n]
