"""A generator for the compiled loop: xoshiro256+ (Blackman, Vigna 2021, "Scrambled linear pseudorandom generators")."""

import math

import numpy as np

from clusters.compiled import inlined
from clusters.simulated.randomness import Words, seed_words

_STEP = 0x9E3779B97F4A7C15


def seeded(seed: int) -> Words:
    """[4] a generator's state; equal seeds draw equal numbers."""
    return seed_words([seed + k * _STEP for k in range(4)])


@inlined
def uniform(random: Words) -> float:
    """A number in [0, 1)."""
    result = random[0] + random[3]
    shifted = random[1] << np.uint64(17)
    random[2] ^= random[0]
    random[3] ^= random[1]
    random[1] ^= random[2]
    random[0] ^= random[3]
    random[2] ^= shifted
    random[3] = (random[3] << np.uint64(45)) | (random[3] >> np.uint64(19))
    share: float = np.float64(result >> np.uint64(11)) * 2.0**-53
    return share


@inlined
def exponential(random: Words) -> float:
    """An exponential number with mean 1."""
    return -math.log(1.0 - uniform(random))


@inlined
def whole(random: Words, mean: float) -> int:
    """A whole number next to `mean`, which it has on average."""
    number = int(mean)
    rest = mean - number
    if rest > 0.0 and uniform(random) < rest:
        number += 1
    return number
