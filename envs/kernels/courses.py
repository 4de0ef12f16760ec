"""The courses that faults take over time.

Legend: K faults, C steps of growth, I injections of one at most.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from clusters.fault_rows import Rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def fill_growths(
    is_slow: NDArray[np.bool_],
    start_seconds: Floats,
    step_seconds: Floats,
    slow_shares: Floats,
    seconds: Floats,
    shares: Floats,
) -> None:
    """Fill when each step of the growth begins, and the share of the full strength from then on.

    Args:
        is_slow: [K] whether a fault grows; the others are at their full strength at once, and have no further steps.
        start_seconds: [K]
        step_seconds: [K] between two steps.
        slow_shares: [C] of faults that grow.
        seconds: [K, C] infinite: there is no such step.
        shares: [K, C]
    """
    for k in range(seconds.shape[0]):
        for step in range(seconds.shape[1]):
            if is_slow[k]:
                seconds[k, step], shares[k, step] = start_seconds[k] + step * step_seconds[k], slow_shares[step]
            else:
                seconds[k, step], shares[k, step] = np.inf if step else start_seconds[k], 1.0


@compiled
def fill_turns(
    growth: tuple[Floats, Floats],
    start_seconds: Floats,
    end_seconds: Floats,
    num_bad: Ints,
    cycle: int,
    bucket_seconds: float,
    turns: tuple[Rows, Rows],
    injections: Rows,
) -> None:
    """Fill the injections of faults that come and go: first in each cycle they are there, as long as they are strong.

    Args:
        growth: [K, C] seconds and shares, as `fill_growths` makes them.
        start_seconds: [K]
        end_seconds: [K] then a fault is cleared, and turns no more.
        num_bad: [K] how many buckets of a cycle it is there at full strength; all of them: it stays.
        cycle: buckets of a cycle.
        bucket_seconds: length of a bucket.
        turns: [K] what brings each fault, and what takes it away.
        injections: [K, I] in time order; what is not filled stays as it is.
    """
    seconds, shares = growth
    comes, goes = turns
    for k in range(start_seconds.shape[0]):
        num_buckets = (end_seconds[k] - start_seconds[k]) / bucket_seconds
        bucket = num_turns = step = num_now = 0
        while bucket < num_buckets:
            if bucket % cycle == 0:
                while step < seconds.shape[1] and (seconds[k, step] - start_seconds[k]) / bucket_seconds <= bucket:
                    num_now = max(1, int(num_bad[k] * shares[k, step]))
                    step += 1
            is_there = num_turns % 2 == 1
            if (bucket % cycle < num_now) != is_there:
                injections[k, num_turns] = goes[k] if is_there else comes[k]
                injections[k, num_turns].seconds = start_seconds[k] + bucket * bucket_seconds
                num_turns += 1
            bucket += 1
