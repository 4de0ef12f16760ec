"""What is due when, and what an operator's command makes void."""

import numpy as np

from clusters.commands import Restart, ScaleWorkload, SetFlag, ShiftTraffic
from clusters.fault_rows import plain
from clusters.scenario import ScheduledFault
from tests.schedules import load, popped, schedule_of


def fault(*injections, end_seconds=None, clearance=None):
    return ScheduledFault(
        fault_id="fault-0",
        kind="test",
        target="test",
        start_seconds=injections[0][0],
        end_seconds=end_seconds,
        intensity="severe",
        duration="medium",
        root_cause_kind="test",
        expected_symptoms=(),
        injections=injections,
        clearance=clearance,
    )


def shift(share, release="v2"):
    return ShiftTraffic(service="checkout", release=release, share=share)


BAD, GOOD = (SetFlag(flag="f", variant=variant) for variant in ("on", "off"))
ROLL_OUT = fault((10.0, shift(0.1)), (40.0, shift(0.5)), (70.0, shift(1.0)), end_seconds=100.0, clearance=shift(0.0))
MIXED = fault((10.0, BAD), (20.0, ScaleWorkload(multiplier=2.0)), (30.0, BAD), end_seconds=30.0, clearance=GOOD)


def test_events_come_in_time_order_and_clearances_first():
    schedule = schedule_of([], [MIXED])
    assert schedule.next_seconds.tolist() == [np.inf, 10.0]
    assert schedule.num_injections_left.tolist() == [0, 3]
    assert popped(schedule, 1, 9.0) == []
    assert not schedule.has_begun[1]
    assert popped(schedule, 1, 20.0) == [BAD, ScaleWorkload(multiplier=2.0)]
    assert schedule.has_begun.tolist() == [False, True]
    assert schedule.next_seconds[1] == 30.0
    assert popped(schedule, 1, 30.0) == [GOOD, BAD]
    assert schedule.next_seconds[1] == np.inf
    assert schedule.num_injections_left[1] == 0


def test_events_of_several_faults_that_are_asked_for_late_come_in_time_order():
    growing = fault((10.0, shift(0.1)), (20.0, shift(0.5)), (30.0, BAD))
    schedule = schedule_of([growing, fault((15.0, shift(0.2, "v3")), end_seconds=30.0, clearance=shift(0.0, "v3"))])
    assert schedule.next_seconds.tolist() == [10.0]
    expected = [shift(0.1), shift(0.2, "v3"), shift(0.5), shift(0.0, "v3"), BAD]
    assert popped(schedule, 0, 99.0) == expected
    assert schedule.num_injections_left.tolist() == [0]


def test_what_is_due_within_a_step_comes_bucket_by_bucket_and_at_a_buckets_start():
    schedule = schedule_of([MIXED], [fault((5.0, BAD), (40.0, shift(0.3)))], [fault((10.0, GOOD))])
    clocks, moving = np.array([10.0, 0.0, 0.0]), np.array([True, True, False])
    due = schedule.pop_due(moving, clocks, 10.0, 3)
    told = [
        [(n, schedule.command(n, event)) for n, event in zip(stands.tolist(), plain(rows), strict=True)]
        for stands, rows in due
    ]
    assert told == [
        [(0, BAD)],
        [(0, ScaleWorkload(multiplier=2.0)), (1, BAD)],  # what lies between two starts waits for the later one
        [(0, GOOD), (0, BAD)],
    ]
    assert schedule.next_seconds.tolist() == [np.inf, 40.0, 10.0]
    assert schedule.num_injections_left.tolist() == [0, 1, 1]
    nothing = schedule.pop_due(moving, np.array([40.0, 10.0, 0.0]), 10.0, 3)
    assert [stands.tolist() for stands, _ in nothing] == [[], [], []]


def test_injections_out_of_time_order_come_in_time_order():
    schedule = schedule_of([fault((30.0, BAD), (10.0, GOOD))])
    assert schedule.next_seconds[0] == 10.0
    assert popped(schedule, 0, 10.0) == [GOOD]
    assert popped(schedule, 0, 30.0) == [BAD]


def test_nothing_of_an_earlier_scenario_comes_back():
    schedule = schedule_of([MIXED, ROLL_OUT], [])
    load(schedule, {0: [fault((10.0, BAD), (90.0, shift(0.3)), end_seconds=95.0, clearance=GOOD)]})
    assert schedule.num_injections_left.tolist() == [2, 0]
    assert popped(schedule, 0, 10.0) == [BAD]
    schedule.heal(0, shift(0.0))
    assert schedule.num_injections_left.tolist() == [0, 0]
    assert popped(schedule, 0, 999.0) == [GOOD]
    load(schedule, {0: []})
    assert popped(schedule, 0, 999.0) == []
    assert not schedule.has_begun[0]


def test_a_roll_back_drops_what_is_left_of_its_flag_alone():
    schedule = schedule_of([MIXED])
    schedule.heal(0, GOOD)
    assert schedule.num_injections_left[0] == 3, "nothing has begun: the fault still comes"
    popped(schedule, 0, 10.0)
    schedule.heal(0, SetFlag(flag="other", variant="off"))
    schedule.heal(0, Restart(service="checkout"))
    assert schedule.num_injections_left[0] == 2
    schedule.heal(0, GOOD)
    assert popped(schedule, 0, 99.0) == [ScaleWorkload(multiplier=2.0), GOOD]


def test_a_word_on_a_release_ends_its_roll_out_and_leaves_the_clearance():
    for word in (shift(0.0), shift(0.1)):
        schedule = schedule_of([ROLL_OUT, fault((50.0, shift(0.2, "v3")))])
        popped(schedule, 0, 10.0)
        schedule.heal(0, word)
        assert schedule.num_injections_left[0] == 1
        assert schedule.next_seconds[0] == 50.0
        assert popped(schedule, 0, 200.0) == [shift(0.2, "v3"), shift(0.0)]


def test_taken_rows_go_their_own_way():
    schedule = schedule_of([], [ROLL_OUT])
    popped(schedule, 1, 10.0)
    copy = schedule.take(np.array([1, 0, 1]))
    assert copy.next_seconds.tolist() == [40.0, np.inf, 40.0]
    copy.heal(0, shift(0.0))
    popped(copy, 2, 70.0)
    assert copy.num_injections_left.tolist() == [0, 0, 0]
    assert schedule.num_injections_left.tolist() == [0, 2]
    assert schedule.next_seconds[1] == 40.0
