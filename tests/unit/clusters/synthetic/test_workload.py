from itertools import pairwise

import pytest

from clusters.applications import load_application
from clusters.synthetic.plan import PlannedRequest, service_plan
from clusters.synthetic.workload import JourneyOutcome, OfferedLoad, Workload

REQUESTS: tuple[PlannedRequest, ...] = service_plan(load_application("small-core"), "load-generator").requests
EVEN = tuple(1.0 / len(REQUESTS) for _ in REQUESTS)


def workload(
    *,
    rates_rps: tuple[float, ...] = (10.0,),
    think_seconds: float | None = None,
    rate_ratio: float = 1.0,
    seed: int = 0,
) -> Workload:
    load = OfferedLoad(
        step_seconds=60.0,
        rates_rps=rates_rps,
        mix=EVEN,
        think_seconds=think_seconds,
        rate_ratio=rate_ratio,
        seed=seed,
    )
    return Workload(load, REQUESTS, 0.0)


def arrivals(load: Workload, end_seconds: float, *, late_seconds: float = 0.0) -> list[float]:
    """When requests arrive, for a caller that comes back `late_seconds` after it was told to."""
    now, times = 0.0, []
    while True:
        seconds, is_due = load.wait_for_arrival(now)
        now += seconds
        if now >= end_seconds:
            return times
        if is_due:
            times.append(now)
        now += late_seconds


def test_arrivals_are_poisson_at_the_rate() -> None:
    times = arrivals(workload(rates_rps=(20.0,)), 500.0)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert mean == pytest.approx(1.0 / 20.0, rel=0.05)
    assert variance == pytest.approx(mean**2, rel=0.15)


def test_arrivals_do_not_fall_behind_with_a_late_caller() -> None:
    assert len(arrivals(workload(rates_rps=(5.0,)), 400.0, late_seconds=0.15)) == pytest.approx(2000, rel=0.08)


def test_the_rate_follows_the_trace_the_ratio_and_the_multiplier() -> None:
    load = workload(rates_rps=(10.0, 40.0), rate_ratio=0.5)
    assert [load.rate_rps(seconds) for seconds in (0.0, 59.9, 60.0, 500.0)] == [5.0, 5.0, 20.0, 20.0]
    load.set_multiplier(3.0)
    assert load.rate_rps(0.0) == 15.0
    load.set_multiplier(0.0)
    assert arrivals(load, 50.0) == []


def test_a_step_of_the_trace_is_felt_in_the_arrivals() -> None:
    times = arrivals(workload(rates_rps=(5.0, 50.0)), 120.0)
    before = sum(time < 60.0 for time in times)
    assert before == pytest.approx(300, rel=0.2)
    assert len(times) - before == pytest.approx(3000, rel=0.08)


def test_equal_seeds_draw_equal_requests() -> None:
    first, second, other = (workload(seed=seed) for seed in (3, 3, 4))
    drawn = [[load.draw().name for _ in range(50)] for load in (first, second, other)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_users_of_a_closed_loop_are_rate_times_thinking() -> None:
    load = workload(think_seconds=4.0, rate_ratio=0.5)
    assert load.num_users(0.0) == 20
    pauses = [load.pause_seconds() for _ in range(4000)]
    assert sum(pauses) / len(pauses) == pytest.approx(4.0, rel=0.08)


def test_the_limit_is_in_the_applications_requests() -> None:
    load = workload(rate_ratio=0.1)
    load.set_rate_limit(50.0, 0.0)
    assert load.admitted_rps == 5.0
    kept = [load.kept(REQUESTS[0], number / 100.0) for number in range(2000)]  # 100 a second for 20 seconds
    assert kept.count(None) == pytest.approx(105, abs=2)
    assert set(kept) == {None, JourneyOutcome.REFUSED}
    load.set_rate_limit(None, 20.0)
    assert load.kept(REQUESTS[0], 20.0) is None


def test_what_is_held_back_does_not_use_up_the_limit() -> None:
    load = workload()
    load.set_rate_limit(1.0, 0.0)
    load.shape(REQUESTS[1].name, 0.0)
    assert {load.kept(REQUESTS[1], 0.0) for _ in range(10)} == {JourneyOutcome.HELD_BACK}
    assert load.kept(REQUESTS[0], 0.0) is None


def test_shaping_all_types_shapes_each() -> None:
    load = workload()
    load.shape("", 0.25)
    assert set(load.factors.values()) == {0.25}
    kept = [load.kept(request, 0.0) for request in REQUESTS * 500]
    assert kept.count(None) / len(kept) == pytest.approx(0.25, abs=0.03)


@pytest.mark.parametrize(
    ("turn", "complaint"),
    [
        (lambda load: load.set_multiplier(-1.0), "multiplier must not be negative"),
        (lambda load: load.set_rate_limit(0.0, 0.0), "limit_rps must be positive"),
        (lambda load: load.shape("nothing", 0.5), "no request type 'nothing'; known are index"),
        (lambda load: load.shape("index", 1.5), "factor must be between 0 and 1"),
    ],
)
def test_impossible_turns_are_refused(turn, complaint) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=complaint):
        turn(workload())


def test_a_mix_of_another_application_is_refused() -> None:
    load = OfferedLoad(step_seconds=1.0, rates_rps=(1.0,), mix=(0.5, 0.5), think_seconds=None, rate_ratio=1.0, seed=0)
    with pytest.raises(ValueError, match="mix must have 7 shares"):
        Workload(load, REQUESTS, 0.0)
