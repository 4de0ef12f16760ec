"""Copying the columns of some stands from one array to another."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Ints = NDArray[np.int64]


@compiled
def copy_columns(source: NDArray[Any], columns: Ints, target: NDArray[Any], places: Ints) -> None:
    """Copy the columns [K] of `source` [R, M] to the places [K] in `target` [R, N].

    Row by row, because that is how they lie: numpy goes column by column, and so misses the cache with every number.
    """
    for r in range(source.shape[0]):
        for k in range(columns.shape[0]):
            target[r, places[k]] = source[r, columns[k]]
