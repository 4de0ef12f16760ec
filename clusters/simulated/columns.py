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


@compiled
def copy_buckets(source: NDArray[Any], target: NDArray[Any], first: int, columns: Ints) -> None:
    """Copy columns [K] of all buckets of `source` [T, R, N] to the same columns of `target` [>= T, R, N].

    The first bucket goes to the place `first`; behind the target's last place stands its first.
    """
    for bucket in range(source.shape[0]):
        place = (first + bucket) % target.shape[0]
        for r in range(source.shape[1]):
            for k in range(columns.shape[0]):
                target[place, r, columns[k]] = source[bucket, r, columns[k]]
