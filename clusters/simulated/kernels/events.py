"""Finding the few pairs of a service and a stand to which something happens in a tick.

Each finder fills `pairs` [2, S * N], services and stands, and returns how many there are; by service, then by stand.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@compiled
def find_scaled(ticks: Ints, period: int, target: Floats, desired: Ints, pairs: Ints) -> int:
    """Autoscalers whose period [ticks] is over: `target` [S, N] is no NaN, and replicas are desired."""
    count = 0
    for s in range(target.shape[0]):
        is_any = False
        for n in range(target.shape[1]):
            is_any |= target[s, n] == target[s, n]
        if is_any:
            for n in range(target.shape[1]):
                if target[s, n] == target[s, n] and desired[s, n] > 0 and ticks[n] % period == 0:
                    pairs[0, count], pairs[1, count] = s, n
                    count += 1
    return count


@compiled
def find_killed(ticks: Ints, kill_next: Floats, pairs: Ints) -> int:
    """Services of which a replica is to be killed by now; `kill_next` [S, N] is a tick."""
    count = 0
    for s in range(kill_next.shape[0]):
        is_any = False
        for n in range(kill_next.shape[1]):
            is_any |= kill_next[s, n] <= np.float32(ticks[n])
        if is_any:
            for n in range(kill_next.shape[1]):
                if kill_next[s, n] <= np.float32(ticks[n]):
                    pairs[0, count], pairs[1, count] = s, n
                    count += 1
    return count


@compiled
def find_starved(memory: Floats, limit: Floats, pairs: Ints) -> int:
    """Services whose replicas need more memory [S, N] than they may have."""
    count = 0
    for s in range(memory.shape[0]):
        is_any = False
        for n in range(memory.shape[1]):
            is_any |= memory[s, n] > limit[s, n]
        if is_any:
            for n in range(memory.shape[1]):
                if memory[s, n] > limit[s, n]:
                    pairs[0, count], pairs[1, count] = s, n
                    count += 1
    return count
