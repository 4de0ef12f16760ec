"""Picks of some among several.

Legend: K scenarios, P things to pick from, C names.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NONE = -1
"""In place of a position."""
ALWAYS = -np.inf
"""The priority of what is picked first, whether it is meant or not."""


@compiled
def put_priority(positions: Ints, priority: float, priorities: Floats) -> None:
    """Give one thing of each scenario [K] a priority, in place.

    Args:
        positions: [K] `NONE`: of this scenario, nothing.
        priority: the same for all.
        priorities: [K, P]
    """
    for k in range(positions.shape[0]):
        if positions[k] != NONE:
            priorities[k, positions[k]] = priority


@compiled
def fill_first(priorities: Floats, is_meant: Bools, ranks: Ints, picked: Ints) -> None:
    """Fill with the positions of the lowest priorities, in order; at a tie, the lower position first.

    Args:
        priorities: [P, K] in place: infinite where something may not be picked.
        is_meant: [P] which may be picked; those with the priority `ALWAYS` may be too.
        ranks: [P, K] room.
        picked: [K, any] positions; `NONE` fills the end.
    """
    num_things, num_scenarios = priorities.shape
    for p in range(num_things):
        if not is_meant[p]:
            for k in range(num_scenarios):
                priorities[p, k] = priorities[p, k] if priorities[p, k] == ALWAYS else np.inf
    _rank(priorities, ranks)
    for k in range(num_scenarios):
        for at in range(num_things, picked.shape[1]):
            picked[k, at] = NONE
        for p in range(num_things):
            if ranks[p, k] < picked.shape[1]:
                picked[k, ranks[p, k]] = p if priorities[p, k] < np.inf else NONE


@compiled
def fill_one_of(is_meant: Bools, numbers: Floats, picked: Ints) -> None:
    """Fill with one of those that are meant [K, P], each as likely; `NONE`: there are none.

    Args:
        is_meant: [K, P]
        numbers: [K] between 0 and 1, which choose.
        picked: [K] positions.
    """
    for k in range(picked.shape[0]):
        num_meant = 0
        for p in range(is_meant.shape[1]):
            num_meant += is_meant[k, p]
        num_before, picked[k] = int(num_meant * numbers[k]), NONE
        for p in range(is_meant.shape[1]):
            if is_meant[k, p]:
                if num_before == 0:
                    picked[k] = p
                num_before -= 1


@compiled
def fill_in_order(names: Ints, priorities: Floats, ranks: Ints, ordered: Ints) -> None:
    """Fill with names in the order of their priorities, the lowest first; `NONE` goes to the end.

    Args:
        names: [K, C]
        priorities: [C, K] in place: infinite where there is no name.
        ranks: [C, K] room.
        ordered: [K, C]
    """
    for k in range(names.shape[0]):
        for c in range(names.shape[1]):
            if names[k, c] == NONE:
                priorities[c, k] = np.inf
    _rank(priorities, ranks)
    for k in range(names.shape[0]):
        for c in range(names.shape[1]):
            ordered[k, ranks[c, k]] = names[k, c]


@inlined
def _rank(priorities: Floats, ranks: Ints) -> None:
    """Fill with how many of the same scenario come before each [C, K].

    Every pair is compared, all scenarios together: to sort each one's few would be as many guesses of what is random.
    """
    for c in range(priorities.shape[0]):
        for k in range(priorities.shape[1]):
            ranks[c, k] = 0
        for before in range(c):
            for k in range(priorities.shape[1]):
                is_lower = priorities[c, k] < priorities[before, k]
                ranks[before, k] += is_lower
                ranks[c, k] += not is_lower
