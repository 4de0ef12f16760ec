"""What flags, releases, groups and slow services change in stands' columns; flags flap in many stands at once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.float32]
NOTHING, PUT, COMPUTED = 0, 1, 2
SAME = 1e-6
"""Relative distance within which two multipliers of the load are the same."""


@compiled
def is_changed(version: NDArray[Any], canary: NDArray[Any], slow_seconds: Rows, stand: int) -> bool:
    """Whether any service of a stand has another version or a canary, or is slow; arrays are [S, N]."""
    for s in range(version.shape[0]):
        if version[s, stand] >= 0 or canary[s, stand] >= 0 or slow_seconds[s, stand] != 0:
            return True
    return False


@compiled
def set_flags(
    stands: Ints,
    flags: NDArray[Any],
    values: Floats,
    flag_is_bad: Bools,
    versions: tuple[NDArray[Any], NDArray[Any], Rows],
    what_next: NDArray[np.int8],
) -> None:
    """Set a flag on each of some stands [K], one after the other.

    Args:
        stands: [K]; a stand may be there more than once.
        flags: [K]
        values: [K] 1 for the bad variant, 0 for the good one.
        flag_is_bad: [G, N] in place.
        versions: what `is_changed` asks.
        what_next: [K] filled: `NOTHING` changed on a stand, its effects are to be `PUT`, or `COMPUTED` for it alone.
    """
    for k in range(stands.shape[0]):
        is_bad = values[k] != 0.0
        what_next[k] = NOTHING
        if flag_is_bad[flags[k], stands[k]] != is_bad:
            flag_is_bad[flags[k], stands[k]] = is_bad
            what_next[k] = COMPUTED if is_changed(versions[0], versions[1], versions[2], stands[k]) else PUT


@compiled
def put_effects(
    stands: Ints,
    which: Ints,
    causes: Ints,
    is_touched: tuple[Bools, Bools, Bools, Bools],
    base: tuple[Rows, Rows],
    changes: tuple[Floats, Floats, Floats],
    operations: Any,
    columns: tuple[Floats, Floats, Floats],
    to: Any,
) -> None:
    """Write what changes make of some stands [K], no more than their cause touches: a stand's rows lie far apart.

    Args:
        stands: [K]
        which: [K] the changes of each.
        causes: [K] why it changes.
        is_touched: [causes, rows] of the operations, and of the three columns.
        base: CPU time and added wait [O, N] that the stands' seeds have drawn.
        changes: [changes, O] factor of the CPU time, share of successes, seconds added.
        operations: CPU time, error ratio and added wait [O, N], written.
        columns: three arrays [changes, rows] of what is the same on every stand.
        to: three arrays [rows, N], written.
    """
    demand_ms, own_error_ratio, added_seconds = operations
    for k in range(stands.shape[0]):
        n, e, cause = stands[k], which[k], causes[k]
        for o in range(changes[0].shape[1]):
            if is_touched[0][cause, o]:
                demand_ms[o, n] = base[0][o, n] * changes[0][e, o]
                own_error_ratio[o, n] = 1.0 - changes[1][e, o]
                added_seconds[o, n] = base[1][o, n] + changes[2][e, o]
        for row in range(columns[0].shape[1]):
            if is_touched[1][cause, row]:
                to[0][row, n] = columns[0][e, row]
        for row in range(columns[1].shape[1]):
            if is_touched[2][cause, row]:
                to[1][row, n] = columns[1][e, row]
        for row in range(columns[2].shape[1]):
            if is_touched[3][cause, row]:
                to[2][row, n] = columns[2][e, row]


@compiled
def scale_workloads(stands: Ints, wanted: Floats, multiplier: NDArray[Any]) -> None:
    """Multiply the planned load of some stands [K] by what is wanted, in place [N]; what is there already stays."""
    for k in range(stands.shape[0]):
        present = float(multiplier[stands[k]])
        if abs(present - wanted[k]) > SAME * max(abs(present), abs(wanted[k])):
            multiplier[stands[k]] = wanted[k]
