"""Picks of some among several, for many scenarios at once: what is picked first, and what is left out.

Legend: K scenarios, P things to pick from, C names.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.random_columns import Floats, Ints, RandomColumns

NONE = -1
"""In place of a position."""
_FIRST = -1.0


def positions_of(names: Sequence[str | None], among: Sequence[str]) -> Ints:
    """[names] where each is among others; `NONE`: it is not."""
    positions: dict[str | None, int] = {str(name): position for position, name in enumerate(among)}
    return np.array([positions.get(name, NONE) for name in names], dtype=np.int64)


def put_first(priorities: Floats, positions: Ints, priority: float = _FIRST) -> None:
    """Give one thing of each scenario a priority, in place.

    Args:
        priorities: [K, P]
        positions: [K]; `NONE`: of this scenario, nothing.
        priority: the lowest are picked first; those of the others are 0 at least.
    """
    rows = np.flatnonzero(positions != NONE)
    priorities[rows, positions[rows]] = priority


def first_positions(priorities: Floats, num: int) -> Ints:
    """[K, num] the things with the lowest priorities [K, P], in order; infinite: never. `NONE` fills the end."""
    order = np.argsort(priorities, axis=1)[:, :num]
    picked = np.full((len(priorities), num), NONE, dtype=np.int64)
    is_meant = np.take_along_axis(priorities, order, axis=1) < np.inf
    picked[:, : order.shape[1]] = np.where(is_meant, order, NONE)
    return picked


def some_positions(is_meant: NDArray[np.bool_], num: int, rng: RandomColumns, besides: Ints | None = None) -> Ints:
    """[K, num] different things in random order; `NONE` fills the end where they are too few.

    Args:
        is_meant: [P] which of them.
        num: how many.
        rng: of the K scenarios.
        besides: [K] one that comes first whether it is meant or not; `NONE`.
    """
    priorities = np.where(is_meant, rng.uniforms(len(is_meant)), np.inf)
    if besides is not None:
        put_first(priorities, besides)
    return first_positions(priorities, num)


def one_of(is_meant: NDArray[np.bool_], rng: RandomColumns) -> Ints:
    """[K] one of those that are meant [K, P], each as likely; `NONE`: there are none."""
    ranks = is_meant.cumsum(axis=1)
    picked = (ranks > rng.index(ranks[:, -1])[:, None]).argmax(axis=1)
    return np.where(ranks[:, -1] > 0, picked, NONE)


def kept(names: Ints, is_kept: NDArray[np.bool_]) -> Ints:
    """[K, C] the names of those scenarios [K] that keep them; `NONE` for the others."""
    return np.where(is_kept[:, None], names, NONE)


def shuffled(names: Ints, rng: RandomColumns) -> Ints:
    """[K, C] the same in random order; `NONE` goes to the end."""
    priorities = np.where(names == NONE, np.inf, rng.uniforms(names.shape[1]))
    return np.take_along_axis(names, np.argsort(priorities, axis=1), axis=1)
