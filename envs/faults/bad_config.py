"""A configuration flag has its bad version."""

import numpy as np

from clusters.commands import Command, SetFlag
from clusters.scenario import ScheduledFault
from envs.faults.fault import DurationClass, FaultRequest, Intensity, draw_course

CYCLE_BUCKETS = 3
"""A flapping configuration alternates between its versions within a cycle of so many buckets."""
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 2, Intensity.SEVERE: 3}
"""Buckets of a cycle with the bad version, at full strength."""


class BadConfig:
    """Sets a flag to its bad version, in a flapping manner unless it is severe.

    What a flag does is the application's, so strength is the share of time that the bad version is live. A roll-back
    pins the good version: the control loop drops the injections that are left.
    """

    def draw(self, request: FaultRequest, rng: np.random.Generator) -> ScheduledFault:
        """A bad version of one flag."""
        flags = request.application.flags
        flag = flags[int(rng.integers(len(flags)))]
        course = draw_course(request, rng)
        bad = SetFlag(flag=flag.name, variant=flag.bad_variant)
        good = SetFlag(flag=flag.name, variant=flag.good_variant)
        return ScheduledFault(
            fault_id=request.fault_id,
            kind="bad_config",
            target=flag.service,
            start_seconds=request.start_seconds,
            end_seconds=course.end_seconds,
            intensity=request.intensity.value,
            duration=request.duration.value,
            root_cause_kind="configuration",
            expected_symptoms=tuple(f"{effect.service} misbehaves" for effect in flag.effects),
            injections=_flapping(request, course.steps, course.end_seconds, bad, good),
            clearance=good,
        )


def _flapping(
    request: FaultRequest, steps: tuple[tuple[float, float], ...], end_seconds: float, bad: Command, good: Command
) -> tuple[tuple[float, Command], ...]:
    """Bad at the start of each cycle, good again when the strength reached at that time is used up."""
    full = BAD_BUCKETS[request.intensity]
    injections: list[tuple[float, Command]] = []
    is_bad = False
    cycle_seconds = CYCLE_BUCKETS * request.bucket_seconds
    for start in np.arange(request.start_seconds, end_seconds, cycle_seconds):
        share = max(share for seconds, share in steps if seconds <= start)
        growing = request.duration is DurationClass.SLOW_BURN
        bad_buckets = max(1, int(full * share)) if growing else full
        if not is_bad:
            injections.append((float(start), bad))
        is_bad = bad_buckets == CYCLE_BUCKETS
        turns_good = float(start) + bad_buckets * request.bucket_seconds
        if not is_bad and turns_good < end_seconds:
            injections.append((turns_good, good))
    return tuple(injections)
