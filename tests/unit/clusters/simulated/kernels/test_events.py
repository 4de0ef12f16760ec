"""What is due in a tick is found, all of it and nothing else, by service and then by stand."""

import numpy as np
import pytest

from clusters.simulated.kernels.events import find_killed, find_scaled, find_starved

SHAPE = (5, 37)
TICKS = np.arange(SHAPE[1])


def found(count: int, pairs: np.ndarray) -> list[list[int]]:
    return pairs[:, :count].tolist()


def wanted(marks: np.ndarray) -> list[list[int]]:
    return [where.tolist() for where in np.nonzero(marks)]


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_what_is_due_is_found(share: float) -> None:
    rng = np.random.default_rng(3)
    marks = rng.random(SHAPE) < share
    pairs = np.full((2, marks.size), -1, dtype=np.int64)
    kill_next = np.where(marks, TICKS, TICKS + 1).astype(np.float32)
    assert found(find_killed(TICKS, kill_next, pairs), pairs) == wanted(marks)
    memory, limit = np.where(marks, 2.0, 1.0).astype(np.float32), np.ones(SHAPE, np.float32)
    assert found(find_starved(memory, limit, pairs), pairs) == wanted(marks)
    target, desired = np.where(marks, 0.5, np.nan).astype(np.float32), rng.integers(0, 2, SHAPE)
    acting = marks & (desired > 0) & (TICKS % 3 == 0)
    assert found(find_scaled(TICKS, 3, target, desired, pairs), pairs) == wanted(acting)


def test_never_is_not_due_and_a_limit_may_be_reached() -> None:
    never = np.full(SHAPE, np.inf, np.float32)
    pairs = np.empty((2, never.size), dtype=np.int64)
    assert not find_killed(TICKS, never, pairs)
    assert not find_starved(np.ones(SHAPE, np.float32), np.ones(SHAPE, np.float32), pairs)
