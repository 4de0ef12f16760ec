import time

import pytest

from clusters.k3s.clock import StandClock
from clusters.stand import StandError

NS = 1_000_000_000


def test_it_is_behind_the_wall_by_the_lag() -> None:
    clock = StandClock(lag_seconds=5.0, bucket_seconds=10.0)
    before = time.time_ns()
    now = clock.now_ns()
    assert before - 5 * NS <= now <= time.time_ns() - 5 * NS


def test_bounds_are_those_of_every_other_stand_and_ahead_of_the_wall() -> None:
    bound = StandClock(lag_seconds=5.0, bucket_seconds=10.0).next_bound_ns()
    assert bound % (10 * NS) == 0
    assert 0 < bound - time.time_ns() <= 10 * NS


def test_waiting_ends_when_the_clock_says_so_and_what_is_over_is_not_waited_for() -> None:
    clock = StandClock(lag_seconds=0.0, bucket_seconds=0.5)
    soon = clock.now_ns() + NS // 10
    clock.wait_until(soon)
    assert clock.now_ns() >= soon
    clock.wait_until(0)


@pytest.mark.parametrize(("seconds", "number"), [(10.0, 1), (60.0, 6)])
def test_times_are_whole_buckets(seconds: float, number: int) -> None:
    assert StandClock(lag_seconds=0.0, bucket_seconds=10.0).buckets(seconds) == number


@pytest.mark.parametrize("seconds", [0.0, -10.0, 15.0])
def test_other_times_are_refused(seconds: float) -> None:
    with pytest.raises(StandError, match="multiple of the bucket of 10 s"):
        StandClock(lag_seconds=0.0, bucket_seconds=10.0).buckets(seconds)
