"""Faults that are either there or not: their strength is the share of the time that they are there."""

import math
from functools import lru_cache

from clusters.commands import Command
from clusters.scenario import ScheduledFault
from envs.faults.fault import Course, FaultRequest, draw_course
from envs.random_stream import RandomStream


def flapping(
    request: FaultRequest,
    rng: RandomStream,
    *,
    kind: str,
    target: str,
    root_cause_kind: str,
    expected_symptoms: tuple[str, ...],
    bad: Command,
    good: Command,
    bad_buckets: int,
    cycle_buckets: int,
) -> ScheduledFault:
    """A fault that comes for `bad_buckets` of every `cycle_buckets`; all of them: it stays."""
    course = draw_course(request, rng)
    return ScheduledFault(
        fault_id=request.fault_id,
        kind=kind,
        target=target,
        start_seconds=request.start_seconds,
        end_seconds=course.end_seconds,
        intensity=str(request.intensity),
        duration=str(request.duration),
        root_cause_kind=root_cause_kind,
        expected_symptoms=expected_symptoms,
        injections=_cycles(
            request.start_seconds, course, bad, good, bad_buckets, cycle_buckets, request.bucket_seconds
        ),
        clearance=good,
    )


def _cycles(
    start: float, course: Course, bad: Command, good: Command, full: int, cycle_buckets: int, bucket_seconds: float
) -> tuple[tuple[float, Command], ...]:
    """Bad at the start of each cycle, good again when the strength reached at that time is used up."""
    growth = tuple([((seconds - start) / bucket_seconds, share) for seconds, share in course.steps])
    turns = _turns(growth, (course.end_seconds - start) / bucket_seconds, full, cycle_buckets)
    return tuple([(start + bucket * bucket_seconds, bad if is_bad else good) for bucket, is_bad in turns])


@lru_cache(maxsize=4096)
def _turns(
    growth: tuple[tuple[float, float], ...], num_buckets: float, full: int, cycle_buckets: int
) -> tuple[tuple[int, bool], ...]:
    """(bucket after the start, whether it turns bad), once for the few courses that there are.

    Args:
        growth: (bucket, share of the full strength) of each step.
        num_buckets: from the start to the end.
        full: buckets of a cycle that are bad at full strength.
        cycle_buckets: length of a cycle.
    """
    turns: list[tuple[int, bool]] = []
    is_bad = False
    for start in range(0, math.ceil(num_buckets), cycle_buckets):
        share = [share for bucket, share in growth if bucket <= start][-1]
        bad_buckets = max(1, int(full * share))
        if not is_bad:
            turns.append((start, True))
        is_bad = bad_buckets == cycle_buckets
        if not is_bad and start + bad_buckets < num_buckets:
            turns.append((start + bad_buckets, False))
    return tuple(turns)
