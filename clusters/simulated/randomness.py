"""Counter-based randomness: a number is a pure function of (the stand's seed, tick, stream).

So a stand's noise does not depend on its place in a batch, on what was drawn before, or on the actions taken: two
branches of one stand share it (common random numbers).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Words = NDArray[np.uint64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_TICK_KEY = np.uint64(0xD1B54A32D192ED03)
_STREAM_KEY = np.uint64(0xABC98388FB8FAC03)

PARAMETER_STREAM = 1 << 20
KILL_STREAM = 1 << 21
"""Arrivals use the streams 0, 1, ... of the request types."""


def seed_words(seeds: Sequence[int]) -> Words:
    """[N] well-mixed words of integer seeds (taken modulo 2^64)."""
    return _mix(np.array([int(seed) % 2**64 for seed in seeds], dtype=np.uint64) + _GAMMA)


def uniforms(seeds: Words, ticks: NDArray[np.int64], streams: NDArray[np.int64]) -> NDArray[np.float64]:
    """[len(streams), N] uniform numbers in the open interval (0, 1).

    SplitMix64's finaliser (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators") over a word
    that is keyed by seed, tick and stream.

    Args:
        seeds: [N] from `seed_words`.
        ticks: [N] ticks since each stand's reset.
        streams: which independent sequences to read.
    """
    keyed = _mix(seeds ^ (ticks.astype(np.uint64) * _TICK_KEY))
    words = _mix(keyed[None, :] + streams.astype(np.uint64)[:, None] * _STREAM_KEY)
    return ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normals(seeds: Words, ticks: NDArray[np.int64], streams: NDArray[np.int64]) -> NDArray[np.float64]:
    """[len(streams), N] standard normal numbers, by inversion."""
    draws: NDArray[np.float64] = ndtri(uniforms(seeds, ticks, streams))
    return draws


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))
