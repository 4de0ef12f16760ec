"""Notes of pod events: who they belong to, and what a fork, a reset and time do to them."""

import numpy as np
import pytest

from clusters.simulated.streams.pod_events import PodEventReason, PodEvents

KILLING, OOM = PodEventReason.KILLING, PodEventReason.OOM_KILLED


def noted(events: PodEvents, stand: int) -> list[tuple[int, int, int, int]]:
    """(service, reason, tick, count) of all notes of a stand."""
    rows = events.between(stand, 0, 10**9)
    return list(zip(*(column.tolist() for column in rows[1:]), strict=True))


@pytest.fixture
def events() -> PodEvents:
    """Three stands: stand 2 lost two pods of service 1 at tick 7, stand 0 one of service 0 at tick 5."""
    events = PodEvents(3, kept_ticks=100)
    count = np.array([[0, 1], [2, 0]])
    events.on(np.array([2, 0])).note(KILLING, np.array([7, 5]), count)
    return events


def test_a_note_belongs_to_the_stand_of_its_column(events: PodEvents) -> None:
    assert noted(events, 2) == [(1, KILLING, 7, 2)]
    assert noted(events, 0) == [(0, KILLING, 5, 1)]
    assert noted(events, 1) == []


def test_reading_takes_the_first_tick_and_leaves_the_last(events: PodEvents) -> None:
    assert len(events.between(2, 7, 8).tick) == 1
    assert len(events.between(2, 6, 7).tick) == 0


def test_copies_of_a_stand_have_its_notes_and_then_go_their_own_way(events: PodEvents) -> None:
    fork = events.take(np.array([2, 1, 2]))
    fork.on(np.array([2])).note_one(OOM, 9, 0, 1)
    assert noted(fork, 0) == [(1, KILLING, 7, 2)]
    assert noted(fork, 1) == []
    assert noted(fork, 2) == [(1, KILLING, 7, 2), (0, OOM, 9, 1)]
    assert noted(events, 2) == [(1, KILLING, 7, 2)]


def test_a_reset_forgets_the_stand_and_no_other(events: PodEvents) -> None:
    events.restart(np.array([2]))
    assert noted(events, 2) == []
    assert noted(events, 0) == [(0, KILLING, 5, 1)]


def test_a_mask_counts_one_each_and_a_scale_down_is_negative() -> None:
    events = PodEvents(1, kept_ticks=100)
    sink = events.on(np.array([0]))
    sink.note(PodEventReason.UNHEALTHY, np.array([3]), np.array([[True], [False]]))
    sink.note(PodEventReason.SCALING_REPLICA_SET, np.array([4]), np.array([[0], [-2]]))
    sink.note(KILLING, np.array([5]), np.zeros((2, 1)))
    assert noted(events, 0) == [(0, PodEventReason.UNHEALTHY, 3, 1), (1, PodEventReason.SCALING_REPLICA_SET, 4, -2)]


def test_old_notes_are_dropped_in_the_end_and_young_ones_never() -> None:
    events = PodEvents(2, kept_ticks=100)
    events.on(np.array([1])).note_one(KILLING, 3, 0, 1)
    sink = events.on(np.array([0]))
    for tick in range(1000):
        sink.note(KILLING, np.array([tick]), np.array([[1]]))
    ticks = [tick for _, _, tick, _ in noted(events, 0)]
    assert ticks[-100:] == list(range(900, 1000))
    assert len(ticks) < 500
    assert noted(events, 1) == [(0, KILLING, 3, 1)]


def test_a_reset_stand_begins_anew_also_in_copies_and_after_old_notes_were_dropped() -> None:
    events = PodEvents(2, kept_ticks=50)
    both = events.on(np.array([0, 1]))
    both.note(KILLING, np.array([7, 7]), np.array([[1, 1]]))
    events.restart(np.array([1]))
    both.note(KILLING, np.array([8, 1]), np.array([[0, 1]]))
    assert noted(events, 1) == [(0, KILLING, 1, 1)]
    assert noted(events.take(np.array([1, 0])), 0) == [(0, KILLING, 1, 1)]
    for tick in range(2, 600):
        events.on(np.array([0])).note_one(OOM, tick, 0, 1)
    assert noted(events, 1) == [(0, KILLING, 1, 1)]
    events.restart(np.array([0]))
    assert noted(events, 0) == []
    events.on(np.array([0])).note_one(OOM, 3, 0, 1)
    assert noted(events, 0) == [(0, OOM, 3, 1)]
    assert noted(events, 1) == [(0, KILLING, 1, 1)]
