"""Numbers keyed by seed, tick and stream: uniform ones, and rows of 16-bit draws with what tables make of them."""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined

_TICK_KEY = np.uint64(0xD1B54A32D192ED03)
_WORD_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_WORD_MIX_2 = np.uint64(0x94D049BB133111EB)
_THIRTY, _TWENTY_SEVEN, _THIRTY_ONE = np.uint64(30), np.uint64(27), np.uint64(31)
_HALF_WORD = np.uint64(32)
_ROW_KEY = np.uint32(0x9E3779B1)
_MIX_1 = np.uint32(0x21F0AAAD)
_MIX_2 = np.uint32(0x735A2D97)
_HALF_BITS, _FEWER_BITS = np.uint32(16), np.uint32(15)
_LOW_HALF = np.uint32(0xFFFF)

_STREAM_KEY = np.uint64(0xABC98388FB8FAC03)
_ELEVEN = np.uint64(11)
_UNIT = 2.0**-53

NUM_ROOM_ROWS = 3


@compiled
def fill_uniforms(
    seeds: NDArray[np.uint64],
    ticks: NDArray[np.int64],
    streams: NDArray[np.int64],
    uniforms: NDArray[np.float64],
) -> None:
    """Fill `uniforms` [K, N] with numbers between 0 and 1, as `randomness.uniforms` says.

    Args:
        seeds: [N]
        ticks: [N]
        streams: [K, N], or [K, 1]: the same ones for all.
        uniforms: to be filled.
    """
    step = 1 if streams.shape[1] > 1 else 0
    for n in range(uniforms.shape[1]):
        keyed = _mixed_word(seeds[n] ^ np.uint64(np.uint64(ticks[n]) * _TICK_KEY))
        for k in range(uniforms.shape[0]):
            word = _mixed_word(np.uint64(keyed + np.uint64(np.uint64(streams[k, n * step]) * _STREAM_KEY)))
            uniforms[k, n] = (np.float64(word >> _ELEVEN) + 0.5) * _UNIT


@compiled
def fill_draws(
    seeds: NDArray[np.uint64],
    ticks: NDArray[np.int64],
    is_exponential: NDArray[np.bool_],
    normals: NDArray[np.float32],
    exponentials: NDArray[np.float32],
    room: NDArray[np.uint32],
    draws: NDArray[np.float32],
) -> None:
    """Fill `draws` [K, N] with what the tables have for the words of each stand's seed and tick.

    A word gives two rows: its upper half one of the first half of them, its lower half one of the second.

    Args:
        seeds: [N]
        ticks: [N]
        is_exponential: [K] rows that are looked up in `exponentials`.
        normals: [65,536] levels.
        exponentials: [65,536] levels.
        room: [NUM_ROOM_ROWS, N] for words.
        draws: to be filled.
    """
    num_rows, num_pairs = draws.shape[0], (draws.shape[0] + 1) // 2
    for n in range(draws.shape[1]):
        word = _mixed_word(seeds[n] ^ np.uint64(np.uint64(ticks[n]) * _TICK_KEY))
        room[0, n] = np.uint32(word)
        room[1, n] = np.uint32(word >> _HALF_WORD)
    for k in range(num_pairs):
        key = np.uint32(np.uint32(1 + k) * _ROW_KEY)
        # Apart, because a loop that looks up is made no vectors of.
        for n in range(draws.shape[1]):
            room[2, n] = _mixed(room[0, n], room[1, n], key)
        upper = exponentials if is_exponential[k] else normals
        for n in range(draws.shape[1]):
            draws[k, n] = upper[room[2, n] >> _HALF_BITS]
        if k + num_pairs < num_rows:
            lower = exponentials if is_exponential[k + num_pairs] else normals
            for n in range(draws.shape[1]):
                draws[k + num_pairs, n] = lower[room[2, n] & _LOW_HALF]


@inlined
def _mixed_word(word: np.uint64) -> np.uint64:
    """SplitMix64's finaliser, as `randomness` has it."""
    word = np.uint64((word ^ (word >> _THIRTY)) * _WORD_MIX_1)
    word = np.uint64((word ^ (word >> _TWENTY_SEVEN)) * _WORD_MIX_2)
    return np.uint64(word ^ (word >> _THIRTY_ONE))


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
