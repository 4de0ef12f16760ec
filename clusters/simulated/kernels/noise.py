"""Rows of 16-bit draws, and what tables make of them."""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined

_ROW_KEY = np.uint32(0x9E3779B1)
_MIX_1 = np.uint32(0x21F0AAAD)
_MIX_2 = np.uint32(0x735A2D97)
_HALF_BITS, _FEWER_BITS = np.uint32(16), np.uint32(15)
_LOW_HALF = np.uint32(0xFFFF)


@compiled
def fill_draws(
    low: NDArray[np.uint32],
    high: NDArray[np.uint32],
    num_pairs: int,
    first: int,
    table: NDArray[np.float32],
    draws: NDArray[np.float32],
) -> None:
    """Fill `draws` [k, N] with what the table [65,536] has for the rows from `first` on.

    A word gives two rows: its upper half one of the first `num_pairs`, its lower half one of the next.

    Args:
        low: [N] lower half of the words that are keyed by seed and tick.
        high: [N] upper half.
        num_pairs: words per stand and tick.
        first: row.
        table: of a distribution's levels.
        draws: to be filled.
    """
    for k in range(draws.shape[0]):
        is_upper = first + k < num_pairs
        key = np.uint32(np.uint32(1 + (first + k if is_upper else first + k - num_pairs)) * _ROW_KEY)
        if is_upper:
            for n in range(draws.shape[1]):
                draws[k, n] = table[_mixed(low[n], high[n], key) >> _HALF_BITS]
        else:
            for n in range(draws.shape[1]):
                draws[k, n] = table[_mixed(low[n], high[n], key) & _LOW_HALF]


@inlined
def _mixed(low: np.uint32, high: np.uint32, key: np.uint32) -> np.uint32:
    """Wellons' lowbias32 with his 2018 constants (github.com/skeeto/hash-prospector), `high` mixed in midway."""
    word = np.uint32(low + key)
    word ^= word >> _HALF_BITS
    word = np.uint32(word * _MIX_1)
    word ^= word >> _FEWER_BITS
    word = np.uint32(word + high)
    word = np.uint32(word * _MIX_2)
    return np.uint32(word ^ (word >> _FEWER_BITS))
