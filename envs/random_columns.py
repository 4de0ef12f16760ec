"""The randomness of drawn scenarios, many at once: each number is a function of a seed, a key and its place alone.

So a scenario is the same whether it is drawn alone or beside a thousand others. Legend: K seeds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from clusters.simulated.randomness import Words, seed_words, uniforms
from envs.kernels.multiples import fill_multiples

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_NUM_TOGETHER = 4
"""Numbers of a seed that are made at a time."""
_PER_STAGE = 1 << 16
"""More numbers than any stage of a draw asks for."""
_KEYS_APART = 1 << 40
"""Keys that others give are far smaller."""


class RandomColumns:
    """Independent random numbers of K seeds, without an end."""

    _first: int
    _next: int
    _numbers: Floats  # [those made, K]; the next is the row `_next`, whose place is `_first` further on

    def __init__(self, seeds: Sequence[int] | Ints, key: int = 0) -> None:
        """The same seed and key always give the same numbers.

        Args:
            seeds: [K] of scenarios, say.
            key: what the numbers are for; another key gives others.
        """
        self._words: Words = seed_words(seeds)
        self._keys = np.full(len(seeds), key, dtype=np.int64)
        self._begin(0)

    def __len__(self) -> int:
        return len(self._words)

    def stage(self, number: int) -> "RandomColumns":
        """Numbers of the same seeds for one stage of a draw: however many another stage takes, these are the same."""
        other = self._with(self._words, self._keys)
        other._begin((number + 1) * _PER_STAGE)
        return other

    def times(self, num: int) -> "RandomColumns":
        """[num * K] numbers of their own for `num` things of each seed, which no stage gives.

        First come the first things of all seeds, then the second ones.
        """
        keys = [self._keys + (number + 1) * _KEYS_APART for number in range(num)]
        return self._with(np.concatenate([self._words] * num), np.concatenate(keys))

    def of(self, rows: Ints) -> "RandomColumns":
        """The numbers to come of some seeds; to draw from them does not move these."""
        if self._next == len(self._numbers):
            self._make_more()  # once for all that are taken apart here
        other = self._with(self._words[rows], self._keys[rows])
        other._first, other._next, other._numbers = self._first, self._next, self._numbers.take(rows, axis=1)
        return other

    def uniform(self) -> Floats:
        """[K] between 0 and 1."""
        if self._next == len(self._numbers):
            self._make_more()
        numbers: Floats = self._numbers[self._next]
        self._next += 1
        return numbers

    def uniforms(self, num: int) -> Floats:
        """[K, num] between 0 and 1."""
        if not num:
            return np.empty((len(self), 0))
        streams = np.arange(self._first + self._next, self._first + self._next + num)
        self._begin(self._first + self._next + num)
        numbers: Floats = uniforms(self._words, self._keys, streams).T
        return numbers

    def normals(self, num: int) -> Floats:
        """[K, num] standard normal numbers."""
        numbers: Floats = ndtri(self.uniforms(num))
        return numbers

    def between(self, low: ArrayLike, high: ArrayLike) -> Floats:
        """[K] uniform between two bounds, of all or of each."""
        least = np.asarray(low, dtype=np.float64)
        numbers: Floats = least + (np.asarray(high) - least) * self.uniform()
        return numbers

    def index(self, count: ArrayLike) -> Ints:
        """[K] one of `count` positions, each as likely."""
        return (np.asarray(count) * self.uniform()).astype(np.int64)

    def multiple(self, low: ArrayLike, high: ArrayLike, unit: float) -> Floats:
        """[K] a multiple of `unit` between two bounds, rounded up at the low end; at least one unit."""
        multiples = np.empty(len(self))
        least, most = np.array(low, dtype=np.float64, ndmin=1), np.array(high, dtype=np.float64, ndmin=1)
        fill_multiples(least, most, unit, self.uniform(), multiples)
        return multiples

    def _make_more(self) -> None:
        self._first += len(self._numbers)
        streams = np.arange(self._first, self._first + _NUM_TOGETHER)
        self._numbers, self._next = uniforms(self._words, self._keys, streams), 0

    def _begin(self, first: int) -> None:
        self._first, self._next = first, 0
        self._numbers = np.empty((0, len(self._words)))

    @staticmethod
    def _with(words: Words, keys: Ints) -> "RandomColumns":
        other = RandomColumns.__new__(RandomColumns)
        other._words, other._keys = words, keys
        other._begin(0)
        return other
