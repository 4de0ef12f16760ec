"""Calls that are bound to memory: they do what a plain call does, with what lies there at the time."""

from typing import NamedTuple

import numpy as np
import pytest
from numba.core.errors import TypingError

from clusters.compiled import bound, compiled


class Pair(NamedTuple):
    numbers: np.ndarray
    total: np.ndarray


@compiled
def add_up(pair, factor):
    for k in range(len(pair.numbers)):
        pair.total[0] += pair.numbers[k] * factor
    return len(pair.numbers)


def test_a_bound_call_reads_its_arguments_memory_anew():
    pair = Pair(np.array([1.0, 2.0]), np.zeros(1))
    call = bound(add_up, pair, 10)
    assert (call(), pair.total[0]) == (2, 30.0)
    pair.numbers[:] = 5.0
    assert (call(), pair.total[0]) == (2, 130.0)
    assert add_up(pair, 10) == 2
    assert pair.total[0] == 230.0


def test_each_binding_is_of_its_arguments_types():
    whole, single = Pair(np.array([3]), np.zeros(1)), Pair(np.array([0.5], dtype=np.float32), np.zeros(1))
    first, second = bound(add_up, whole, 2), bound(add_up, single, 2.0)
    first(), second(), first()
    assert (whole.total[0], single.total[0]) == (12.0, 1.0)


def test_what_cannot_be_compiled_is_refused_when_it_is_bound():
    with pytest.raises(TypingError):
        bound(add_up, 7, 1)
