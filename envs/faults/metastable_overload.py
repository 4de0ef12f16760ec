"""A short peak of traffic, and retries that keep the overload alive after it (a metastable failure).

Bronson et al., Metastable Failures in Distributed Systems (HotOS 2021): a trigger pushes the system over its capacity,
a sustaining effect, here the work of retries, keeps it there when the trigger is gone.
"""

import numpy as np

from clusters.commands import Command, ScaleWorkload, SetFlag
from clusters.scenario import ScheduledFault
from clusters.topology import Application, ConfigFlag
from envs.demand import per_application, utilisations
from envs.faults.bad_config import adds_retries
from envs.faults.fault import (
    FaultFamily,
    FaultRequest,
    Intensity,
    Lever,
    draw_between,
    draw_course,
    draw_multiple,
    draw_one,
)

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.6, 0.75),
    Intensity.VISIBLE: (1.3, 1.6),
    Intensity.SEVERE: (1.8, 2.4),
}
"""Demand over capacity at the busiest service during the trigger, without the retries' work."""
MIN_MULTIPLIER = 1.2
TRIGGER_SECONDS = (30.0, 50.0)


class MetastableOverload(FaultFamily):
    """A flag lets callers retry hard, then comes a peak; only shedding load, capacity or the flag's return end it."""

    levers = frozenset({Lever.WORKLOAD, Lever.FLAGS})

    def applies_to(self, application: Application) -> bool:
        """It has a flag that adds retries."""
        return bool(_retry_flags(application))

    def draw(self, request: FaultRequest, rng: np.random.Generator) -> ScheduledFault:
        """The flag and the trigger; the flag's good version returns at the end."""
        flag = draw_one(_retry_flags(request.application), rng)
        busiest = max(utilisations(request.application).values())
        multiplier = max(MIN_MULTIPLIER, draw_between(PRESSURES[request.intensity], rng) / busiest)
        course = draw_course(request, rng)
        peak: list[tuple[float, Command]] = [
            (seconds, ScaleWorkload(multiplier=1.0 + (multiplier - 1.0) * share)) for seconds, share in course.steps
        ]
        over = course.steps[-1][0] + draw_multiple(*TRIGGER_SECONDS, request.bucket_seconds, rng)
        return ScheduledFault(
            fault_id=request.fault_id,
            kind="metastable_overload",
            target=flag.service,
            start_seconds=request.start_seconds,
            end_seconds=course.end_seconds,
            intensity=request.intensity.value,
            duration=request.duration.value,
            root_cause_kind="retries",
            expected_symptoms=("request rates inside stay high when the users' peak is over", "errors feed retries"),
            injections=(
                (request.start_seconds, SetFlag(flag=flag.name, variant=flag.bad_variant)),
                *peak,
                (over, ScaleWorkload(multiplier=1.0)),
            ),
            clearance=SetFlag(flag=flag.name, variant=flag.good_variant),
        )


@per_application
def _retry_flags(application: Application) -> tuple[ConfigFlag, ...]:
    return tuple(flag for flag in application.flags if adds_retries(flag))
