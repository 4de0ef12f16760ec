"""A short trigger, and retries that keep the overload alive after it (a metastable failure).

Bronson et al., Metastable Failures in Distributed Systems (HotOS 2021): a trigger pushes the system over its capacity,
a sustaining effect, here the work of retries, keeps it there when the trigger is gone.
"""

from collections.abc import Iterator

from clusters.commands import ClearFault, Command, ScaleWorkload, SetFlag, StressCpu
from clusters.scenario import ScheduledFault
from clusters.topology import Application, ConfigFlag
from envs.demand import per_application, utilisations
from envs.faults.bad_config import adds_retries
from envs.faults.fault import (
    Course,
    FaultFamily,
    FaultRequest,
    Intensity,
    Lever,
    clipped,
    draw_course,
)
from envs.random_stream import RandomStream

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.6, 0.75),
    Intensity.VISIBLE: (1.3, 1.6),
    Intensity.SEVERE: (1.8, 2.4),
}
"""Demand over capacity at the service that is called again, during the trigger and without the retries' work."""
MIN_MULTIPLIER = 1.2
LOAD_RATIO_BOUNDS = (0.05, 0.95)
TRIGGER_SECONDS = (30.0, 50.0)


class MetastableOverload(FaultFamily):
    """A flag lets callers retry hard, then their callee is overloaded for a moment.

    The trigger is a peak of traffic if the callee is the bottleneck, and else something that burns the callee's CPU:
    a busier service upstream would shield it from the users. Only shedding load, capacity or the flag's return end it.
    """

    levers = frozenset({Lever.WORKLOAD, Lever.FLAGS})

    def applies_to(self, application: Application) -> bool:
        """It has a flag that adds retries."""
        return bool(_retry_flags(application))

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """The flag and the trigger; the flag's good version returns at the end."""
        flag = rng.one(_retry_flags(request.application))
        pressure = rng.between(PRESSURES[request.intensity])
        course = draw_course(request, rng)
        over = course.steps[-1][0] + rng.multiple(TRIGGER_SECONDS, request.bucket_seconds)
        return ScheduledFault(
            fault_id=request.fault_id,
            kind="metastable_overload",
            target=flag.service,
            start_seconds=request.start_seconds,
            end_seconds=course.end_seconds,
            intensity=request.intensity.value,
            duration=request.duration.value,
            root_cause_kind="retries",
            expected_symptoms=("request rates inside stay high when the trigger is over", "errors feed retries"),
            injections=(
                (request.start_seconds, SetFlag(flag=flag.name, variant=flag.bad_variant)),
                *_trigger(request, flag, pressure, course, over),
            ),
            clearance=SetFlag(flag=flag.name, variant=flag.good_variant),
        )


def _trigger(
    request: FaultRequest, flag: ConfigFlag, pressure: float, course: Course, over_seconds: float
) -> Iterator[tuple[float, Command]]:
    """Grows as the course says, and is over well before the flag's end."""
    utilisation = utilisations(request.application)
    callee = _callee(flag)
    if utilisation[callee] == max(utilisation.values()):
        multiplier = max(MIN_MULTIPLIER, pressure / utilisation[callee])
        for seconds, share in course.steps:
            yield seconds, ScaleWorkload(multiplier=1.0 + (multiplier - 1.0) * share)
        yield over_seconds, ScaleWorkload(multiplier=1.0)
        return
    load_ratio = clipped(1.0 - utilisation[callee] / pressure, *LOAD_RATIO_BOUNDS)
    for seconds, share in course.steps:
        yield seconds, StressCpu(fault_id=request.fault_id, service=callee, load_ratio=load_ratio * share)
    yield over_seconds, ClearFault(fault_id=request.fault_id)


@per_application
def _retry_flags(application: Application) -> tuple[ConfigFlag, ...]:
    return tuple(flag for flag in application.flags if adds_retries(flag))


def _callee(flag: ConfigFlag) -> str:
    """The service that is called again; a flag that names none repeats the calls to its own service's callees."""
    effect = next(effect for effect in flag.effects if effect.added_retries)
    return effect.call_target or effect.service
