"""The randomness of drawn scenarios: each number is a function of a seed, a key and the number's place alone.

A draw asks for dozens of numbers one by one, and thousands of scenarios are drawn at once: numpy's generators take ten
times as long to give one number as a list does.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, count
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from clusters.simulated.randomness import seed_words, uniforms

T = TypeVar("T")
Floats = NDArray[np.float64]
_NUM_TOGETHER = 64
"""Numbers that are made at a time; hardly a scenario of the core menu needs more."""
_NORMAL_STREAMS = 1 << 20
"""Streams from here on make normal numbers."""


class RandomStream:
    """Independent random numbers without an end."""

    __slots__ = ("random",)

    def __init__(self, first: Sequence[float], further: Iterator[float]) -> None:
        """Numbers that begin with those given; `random_streams` makes them for many seeds at once."""
        self.random = chain(first, further).__next__
        """Called: the next number, uniform between 0 and 1."""

    def between(self, bounds: tuple[float, float]) -> float:
        """Uniform between two bounds."""
        low, high = bounds
        return low + (high - low) * self.random()

    def multiple(self, bounds: tuple[float, float], unit: float) -> float:
        """A multiple of `unit` between two bounds, rounded up at the low end; at least one unit."""
        first, count = _multiples(bounds, unit)
        return unit * (first + int(count * self.random()))

    def one(self, choices: Sequence[T]) -> T:
        """One of several, each as likely."""
        return choices[int(len(choices) * self.random())]

    def endless(self, choices: Sequence[T]) -> Iterator[T]:
        """One after the other of several, each as likely every time."""
        while True:
            yield self.one(choices)

    def some(self, choices: Sequence[T], num: int, besides: Sequence[T] = ()) -> list[T]:
        """`besides`, and others of the choices until there are `num`; all of the choices if they are too few."""
        some = list(besides)
        num_others = len(choices) - sum(choice in some for choice in choices)
        for _ in range(min(num - len(some), num_others)):
            while (choice := self.one(choices)) in some:
                pass
            some.append(choice)
        return some

    def shuffle(self, values: list[T]) -> None:
        """Bring the values into a random order, in place."""
        random = self.random
        values.sort(key=lambda _: random())


def random_streams(seeds: Sequence[int], key: int = 0) -> list[RandomStream]:
    """One for each seed; the same seed and key always give the same numbers.

    Args:
        seeds: of scenarios, say.
        key: what the numbers are for; another key gives others.
    """
    first = _numbers(seeds, key, 0, _NUM_TOGETHER).tolist()
    return [RandomStream(numbers, _further(seed, key)) for seed, numbers in zip(seeds, first, strict=True)]


def normals(seeds: Sequence[int], key: int, num_each: int) -> Floats:
    """[K, num_each] standard normal numbers of each of K seeds, which `random_streams` never gives."""
    numbers: Floats = ndtri(_numbers(seeds, key, _NORMAL_STREAMS, num_each))
    return numbers


@lru_cache(maxsize=1024)
def _multiples(bounds: tuple[float, float], unit: float) -> tuple[int, int]:
    """(first, how many) numbers of units; the same few spans are drawn from again and again."""
    low, high = bounds
    first = max(1, math.ceil(low / unit))
    return first, max(first, int(high // unit)) - first + 1


def _further(seed: int, key: int) -> Iterator[float]:
    """What comes after the numbers that were made first."""
    for stream in count(_NUM_TOGETHER, _NUM_TOGETHER):
        yield from _numbers([seed], key, stream, _NUM_TOGETHER)[0].tolist()


def _numbers(seeds: Sequence[int], key: int, stream: int, num_streams: int) -> Floats:
    """[K, num_streams] uniform numbers."""
    keys = np.full(len(seeds), key, dtype=np.int64)
    return uniforms(seed_words(seeds), keys, np.arange(stream, stream + num_streams)).T
