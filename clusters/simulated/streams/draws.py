"""Random numbers one after the other, for what is drawn line by line: still a pure function of seed and bucket."""

from collections.abc import Iterator
from math import exp, floor, log1p, sqrt
from typing import Final

import numpy as np
from scipy.special import ndtri

from clusters.simulated.randomness import Words, uniforms

_FIRST_STREAM: Final = 1 << 23
_DRAWS_PER_PURPOSE: Final = 1 << 16
"""Numbers that one purpose may use in one bucket before it would run into the next purpose's."""
_BLOCK: Final = 256

PURPOSE_LOG_COUNTS: Final = 0
PURPOSE_LOG_WORDS: Final = 1
PURPOSE_FINDINGS: Final = 2
PURPOSE_TRACES: Final = 16
"""And one more for each further trace of a bucket."""


def first_stream(purpose: int) -> int:
    """The first of a purpose's streams of randomness."""
    return _FIRST_STREAM + purpose * _DRAWS_PER_PURPOSE


class Draws:
    """The numbers of one purpose in one bucket of one stand."""

    def __init__(self, seed: Words, bucket: int, purpose: int) -> None:
        self._uniforms = _sequence(seed, bucket, first_stream(purpose))

    def uniform(self) -> float:
        """In the open interval (0, 1)."""
        return next(self._uniforms)

    def chance(self, probability: float) -> bool:
        """True so often."""
        return next(self._uniforms) < probability

    def whole(self, mean: float) -> int:
        """One of the two whole numbers next to `mean`, so that it is right on average."""
        return floor(mean + next(self._uniforms))

    def lognormal(self, mean: float, squared_variation: float) -> float:
        """Of this mean and squared coefficient of variation."""
        variance = log1p(squared_variation)
        return mean * exp(sqrt(variance) * float(ndtri(next(self._uniforms))) - 0.5 * variance)

    def hexadecimal(self, digits: int) -> str:
        """So many digits, a multiple of 8; never all zero."""
        return "".join(f"{int(next(self._uniforms) * 2**32):08x}" for _ in range(digits // 8))


def _sequence(seed: Words, bucket: int, first: int) -> Iterator[float]:
    bucket_column = np.array([bucket])
    for start in range(first, first + _DRAWS_PER_PURPOSE, _BLOCK):
        yield from uniforms(seed, bucket_column, np.arange(start, start + _BLOCK))[:, 0].tolist()
