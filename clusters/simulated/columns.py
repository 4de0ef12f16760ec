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
def copy_buckets(source: NDArray[Any], columns: Ints, target: NDArray[Any], first: int, places: Ints) -> None:
    """Copy the columns [K] of all buckets of `source` [T, R, M] to the places [K] in `target` [>= T, R, N].

    The first bucket goes to the place `first`; behind the target's last place stands its first.
    """
    for bucket in range(source.shape[0]):
        at = (first + bucket) % target.shape[0]
        for r in range(source.shape[1]):
            for k in range(columns.shape[0]):
                target[at, r, places[k]] = source[bucket, r, columns[k]]


@compiled
def move_to_start(ring: NDArray[Any], head: int, num_buckets: int) -> None:
    """Move the last buckets before `head` of a ring [size, R], which go on behind its end, to its start.

    The ring has twice as many places at least: what lies at its end is beyond everything that is written to.
    """
    num_at_end = num_buckets - head
    for bucket in range(head - 1, -1, -1):  # the last first: none is overwritten before it has moved
        for r in range(ring.shape[1]):
            ring[num_at_end + bucket, r] = ring[bucket, r]
    for bucket in range(num_at_end):
        for r in range(ring.shape[1]):
            ring[bucket, r] = ring[ring.shape[0] - num_at_end + bucket, r]
