"""Picks by weight.

Legend: K picks, G pools, M members of all pools.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.kernels.picks import NONE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def fill_picks(pool: Ints, numbers: Floats, ends: Ints, shares: Floats, members: Ints, picked: Ints) -> None:
    """Fill with one member of each pool, by its weight.

    Args:
        pool: [K] which pool.
        numbers: [K] between 0 and 1, which choose.
        ends: [G] how many members this pool and those before it have.
        shares: [M] cumulative share of a pool's weight; the last one of each pool is 1.
        members: [M]
        picked: [K] `NONE`: the pool is empty.
    """
    for k in range(pool.shape[0]):
        first, last = (ends[pool[k] - 1] if pool[k] else 0), ends[pool[k]] - 1
        if first > last:
            picked[k] = NONE
            continue
        while first < last:
            middle = (first + last) // 2
            if shares[middle] > numbers[k]:
                last = middle
            else:
                first = middle + 1
        picked[k] = members[first]
