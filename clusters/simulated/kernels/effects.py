"""One stand's columns of what flags, releases, groups and slow services change; flags flap in many stands at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]


@compiled
def is_changed(version: NDArray[Any], canary: NDArray[Any], slow_seconds: Rows, stand: int) -> bool:
    """Whether any service of a stand has another version or a canary, or is slow; arrays are [S, N]."""
    for s in range(version.shape[0]):
        if version[s, stand] >= 0 or canary[s, stand] >= 0 or slow_seconds[s, stand] != 0:
            return True
    return False


@compiled
def put_operations(base: tuple[Rows, Rows], changes: tuple[Floats, Floats, Floats], to: Any, stand: int) -> None:
    """Write a stand's CPU time, error ratio and added wait, [O, N] each.

    Args:
        base: CPU time and added wait [O, N] that the stand's seed has drawn.
        changes: [O] factor of the CPU time, share of successes, seconds added.
        to: the three arrays to write to.
        stand: whose column.
    """
    demand_ms, own_error_ratio, added_seconds = to
    for o in range(len(changes[0])):
        demand_ms[o, stand] = base[0][o, stand] * changes[0][o]
        own_error_ratio[o, stand] = 1.0 - changes[1][o]
        added_seconds[o, stand] = base[1][o, stand] + changes[2][o]


@compiled
def put_columns(columns: tuple[Floats, Floats, Floats], to: tuple[Rows, Rows, Rows], stand: int) -> None:
    """Write one stand's column of three arrays."""
    for row in range(len(columns[0])):
        to[0][row, stand] = columns[0][row]
    for row in range(len(columns[1])):
        to[1][row, stand] = columns[1][row]
    for row in range(len(columns[2])):
        to[2][row, stand] = columns[2][row]
