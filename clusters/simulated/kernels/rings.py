"""Buckets of stands in rings [T, N, rows]: a bucket of a stand is one run of memory, the next stand's beside it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class BucketPlaces(NamedTuple):
    """Where a bucket of N stands is written to."""

    ring: Floats
    """[T, stands, rows]"""
    stands: Ints
    """[N] which of the ring's each is."""
    places: Ints
    """[N] along the ring's T."""


@inlined
def write_block(rows: Floats, first: np.uint64, last: np.uint64, target: BucketPlaces) -> None:
    """Write the stands from `first` to before `last`: the first columns of `rows` [rows, >= block], one by one.

    Each is written as one run of memory. The block is read across its rows, and so has to fit into the cache.
    """
    for n in range(first, last):
        stand, place = target.stands[n], target.places[n]
        for r in range(rows.shape[0]):
            target.ring[place, stand, r] = rows[r, n - first]


@compiled
def copy_histories(
    source: Floats, columns: Ints, begins: Ints, ring: Floats, stands: Ints, begin: int, num_buckets: int
) -> None:
    """Copy histories from one ring to another.

    Args:
        source: [t, M, rows]
        columns: [K] of the source.
        begins: [K] where in the source the first bucket of each is; behind its last place stands its first.
        ring: [T, N, rows] to be written to.
        stands: [K] of the ring.
        begin: where in the ring the first bucket goes.
        num_buckets: of each.
    """
    for bucket in range(num_buckets):
        here = (begin + bucket) % ring.shape[0]
        for k in range(len(stands)):
            there = (begins[k] + bucket) % source.shape[0]
            for r in range(ring.shape[2]):
                ring[here, stands[k], r] = source[there, columns[k], r]


@compiled
def move_to_start(ring: NDArray[Any], head: int, num_buckets: int) -> None:
    """Move the last buckets before `head` of a ring [T, any], which go on behind its end, to its start.

    The ring has twice as many places at least: what lies at its end is beyond everything that is written to.
    """
    num_at_end = num_buckets - head
    for bucket in range(head - 1, -1, -1):  # the last first: none is overwritten before it has moved
        for r in range(ring.shape[1]):
            ring[num_at_end + bucket, r] = ring[bucket, r]
    for bucket in range(num_at_end):
        for r in range(ring.shape[1]):
            ring[bucket, r] = ring[ring.shape[0] - num_at_end + bucket, r]
