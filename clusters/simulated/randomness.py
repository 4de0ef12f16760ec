"""Counter-based randomness: a number is a pure function of (the stand's seed, tick, stream).

So a stand's noise does not depend on its place in a batch, on what was drawn before, or on the actions taken: two
branches of one stand share it (common random numbers).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from clusters.simulated.kernels.noise import NUM_ROOM_ROWS, fill_draws, fill_uniforms

Words = NDArray[np.uint64]
Floats32 = NDArray[np.float32]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LEVELS = 1 << 16

PARAMETER_STREAM = 1 << 20
KILL_STREAM = 1 << 21


def seed_words(seeds: Sequence[int] | NDArray[np.int64]) -> Words:
    """[N] well-mixed words of integer seeds (taken modulo 2^64)."""
    if isinstance(seeds, np.ndarray):
        return _mix(seeds.astype(np.uint64) + _GAMMA)
    return _mix(np.array([int(seed) % 2**64 for seed in seeds], dtype=np.uint64) + _GAMMA)


def uniforms(seeds: Words, ticks: NDArray[np.int64], streams: NDArray[np.int64]) -> NDArray[np.float64]:
    """[K, N] uniform numbers in the open interval (0, 1).

    SplitMix64's finaliser (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators") over a word
    that is keyed by seed, tick and stream.

    Args:
        seeds: [N] from `seed_words`.
        ticks: [N] ticks since each stand's reset.
        streams: [K] or [K, N] which independent sequences to read.
    """
    rows = streams[:, None] if streams.ndim == 1 else streams
    numbers = np.empty((len(streams), len(seeds)))
    fill_uniforms(seeds, ticks, rows, numbers)
    return numbers


def tick_noise(seeds: Words, ticks: NDArray[np.int64], is_exponential: NDArray[np.bool_]) -> Floats32:
    """[K, N] the noise of one tick: standard normal numbers, or exponential ones of mean 1.

    They are 16-bit draws, which tables turn into numbers: 65,536 levels are more than a tick's noise needs, and a
    look-up costs a tenth of an inverse distribution function.

    Args:
        seeds: [N] from `seed_words`.
        ticks: [N] ticks since each stand's reset.
        is_exponential: [K] which rows are exponential.
    """
    draws = np.empty((len(is_exponential), len(seeds)), dtype=np.float32)
    room = np.empty((NUM_ROOM_ROWS, len(seeds)), dtype=np.uint32)
    fill_draws(seeds, ticks, is_exponential, _normal_table(), _exponential_table(), room, draws)
    return draws


@cache
def _normal_table() -> Floats32:
    levels = ndtri((np.arange(_LEVELS) + 0.5) / _LEVELS)
    table: Floats32 = (levels / np.sqrt(np.mean(levels**2))).astype(np.float32)
    return table


@cache
def _exponential_table() -> Floats32:
    levels = -np.log((np.arange(_LEVELS) + 0.5) / _LEVELS)
    table: Floats32 = (levels / levels.mean()).astype(np.float32)
    return table


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))
