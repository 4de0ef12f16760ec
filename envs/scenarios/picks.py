"""Picks of some among several, for many scenarios at once: what is picked first, and what is left out.

Legend: K scenarios, P things to pick from, C names.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.kernels.picks import ALWAYS, NONE, fill_first, fill_in_order, fill_one_of, put_priority
from envs.random_columns import Floats, Ints, RandomColumns


def positions_of(names: Sequence[str | None], among: Sequence[str]) -> Ints:
    """[names] where each is among others; `NONE`: it is not."""
    positions: dict[str | None, int] = {str(name): position for position, name in enumerate(among)}
    return np.array([positions.get(name, NONE) for name in names], dtype=np.int64)


def first_positions(priorities: Floats, is_meant: NDArray[np.bool_], num: int) -> Ints:
    """[K, num] the things with the lowest priorities [K, P] of those that are meant [P]; `NONE` fills the end."""
    picked = np.empty((len(priorities), num), dtype=np.int64)
    own = priorities.T.copy()
    fill_first(own, is_meant, np.empty(own.shape, dtype=np.int64), picked)
    return picked


def some_positions(is_meant: NDArray[np.bool_], num: int, rng: RandomColumns, besides: Ints | None = None) -> Ints:
    """[K, num] different things in random order; `NONE` fills the end where they are too few.

    Args:
        is_meant: [P] which of them.
        num: how many.
        rng: of the K scenarios.
        besides: [K] one that comes first whether it is meant or not; `NONE`.
    """
    priorities = rng.uniforms(len(is_meant))
    if besides is not None:
        put_priority(besides, ALWAYS, priorities)
    return first_positions(priorities, is_meant, num)


def one_of(is_meant: NDArray[np.bool_], rng: RandomColumns) -> Ints:
    """[K] one of those that are meant [K, P], each as likely; `NONE`: there are none."""
    picked = np.empty(len(is_meant), dtype=np.int64)
    fill_one_of(is_meant, rng.uniform(), picked)
    return picked


def kept(names: Ints, is_kept: NDArray[np.bool_]) -> Ints:
    """[K, C] the names of those scenarios [K] that keep them; `NONE` for the others."""
    return np.where(is_kept[:, None], names, NONE)


def shuffled(names: Ints, rng: RandomColumns) -> Ints:
    """[K, C] the same in random order; `NONE` goes to the end."""
    ordered = np.empty(names.shape, dtype=np.int64)
    priorities = rng.uniforms(names.shape[1]).T
    fill_in_order(names, priorities, np.empty(priorities.shape, dtype=np.int64), ordered)
    return ordered
