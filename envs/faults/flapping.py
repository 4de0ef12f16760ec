"""Faults that are either there or not: their strength is the share of the time that they are there."""

import numpy as np

from clusters.commands import Command
from clusters.scenario import ScheduledFault
from envs.faults.fault import Course, FaultRequest, draw_course


def flapping(
    request: FaultRequest,
    rng: np.random.Generator,
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
    injections: list[tuple[float, Command]] = []
    growth = iter(course.steps)
    step, bad_buckets = next(growth, None), full
    is_bad = False
    while start < course.end_seconds:
        while step is not None and step[0] <= start:
            bad_buckets = max(1, int(full * step[1]))
            step = next(growth, None)
        if not is_bad:
            injections.append((start, bad))
        is_bad = bad_buckets == cycle_buckets
        turns_good = start + bad_buckets * bucket_seconds
        if not is_bad and turns_good < course.end_seconds:
            injections.append((turns_good, good))
        start += cycle_buckets * bucket_seconds
    return tuple(injections)
