"""Faults that are either there or not: their strength is the share of the time that they are there."""

from collections.abc import Iterator

import numpy as np

from clusters.commands import Command
from clusters.scenario import ScheduledFault
from envs.faults.fault import Course, DurationClass, FaultRequest, draw_course


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
        intensity=request.intensity.value,
        duration=request.duration.value,
        root_cause_kind=root_cause_kind,
        expected_symptoms=expected_symptoms,
        injections=tuple(_cycles(request, course, bad, good, bad_buckets, cycle_buckets)),
        clearance=good,
    )


def _cycles(
    request: FaultRequest, course: Course, bad: Command, good: Command, full: int, cycle_buckets: int
) -> Iterator[tuple[float, Command]]:
    """Bad at the start of each cycle, good again when the strength reached at that time is used up."""
    bucket = request.bucket_seconds
    grows = request.duration is DurationClass.SLOW_BURN
    is_bad = False
    start = request.start_seconds
    while start < course.end_seconds:
        bad_buckets = full
        if grows:
            bad_buckets = max(1, int(full * max(share for seconds, share in course.steps if seconds <= start)))
        if not is_bad:
            yield start, bad
        is_bad = bad_buckets == cycle_buckets
        turns_good = start + bad_buckets * bucket
        if not is_bad and turns_good < course.end_seconds:
            yield turns_good, good
        start += cycle_buckets * bucket
