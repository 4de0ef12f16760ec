"""A short trigger, and retries that keep the overload alive after it (a metastable failure).

Bronson et al., Metastable Failures in Distributed Systems (HotOS 2021): a trigger pushes the system over its capacity,
a sustaining effect, here the work of retries, keeps it there when the trigger is gone.
"""

import numpy as np

from clusters.fault_rows import BAD, GOOD, Rows, Verb, rows_of
from clusters.topology import Application, ConfigFlag
from envs.demand import estimate_demand, per_application
from envs.faults.bad_config import adds_retries, flag_positions
from envs.faults.courses import Courses, draw_by_intensity, draw_courses, grown, in_time_order
from envs.faults.fault import (
    DrawnFaults,
    FaultFamily,
    FaultRequests,
    Floats,
    Intensity,
    Ints,
    Lever,
    Target,
    bounds_by_member,
)
from envs.random_columns import RandomColumns

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.6, 0.75),
    Intensity.VISIBLE: (1.3, 1.6),
    Intensity.SEVERE: (1.8, 2.4),
}
"""Demand over capacity at the service that is called again, during the trigger and without the retries' work."""
MIN_MULTIPLIER = 1.2
LOAD_RATIO_BOUNDS = (0.05, 0.95)
TRIGGER_SECONDS = (30.0, 50.0)
_PRESSURES = bounds_by_member(PRESSURES)


class MetastableOverload(FaultFamily):
    """A flag lets callers retry hard, then their callee is overloaded for a moment.

    The trigger is a peak of traffic if the callee is the bottleneck, and else something that burns the callee's CPU:
    a busier service upstream would shield it from the users. Only shedding load, capacity or the flag's return end it.
    """

    kind = "metastable_overload"
    root_cause_kind = "retries"
    levers = frozenset({Lever.WORKLOAD, Lever.FLAGS})

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The flags that add retries."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """The flag and the trigger, which is over well before the flag's good version returns at the end."""
        flag = _retry_flags(requests.application)[target]
        pressure = draw_by_intensity(requests, rng, _PRESSURES)
        courses = draw_courses(requests, rng)
        last_step = np.where(np.isinf(courses.seconds), -np.inf, courses.seconds).max(axis=1)
        over_seconds = last_step + rng.multiple(*TRIGGER_SECONDS, requests.bucket_seconds)
        cause = rows_of(len(requests), Verb.SET_FLAG, flag, BAD, requests.start_seconds)
        trigger = _triggers(requests.application, target, pressure, courses, over_seconds)
        return DrawnFaults(
            end_seconds=courses.end_seconds,
            injections=in_time_order(np.concatenate([cause[:, None], trigger], axis=1)),
            clearance=rows_of(len(requests), Verb.SET_FLAG, flag, GOOD),
        )


def _triggers(application: Application, target: Ints, pressure: Floats, courses: Courses, over_seconds: Floats) -> Rows:
    """[K, C + 1] more load or less CPU, growing as the courses say, and its end."""
    callee = _callees(application)[target]
    utilisation = estimate_demand(application).utilisation
    load_ratio = np.clip(1.0 - utilisation[callee] / pressure, *LOAD_RATIO_BOUNDS)
    added = np.maximum(MIN_MULTIPLIER, pressure / utilisation.max()) - 1.0
    burns = grown(courses, Verb.STRESS_CPU, callee, load_ratio[:, None] * courses.shares)
    burns_over = rows_of(len(target), Verb.CLEAR_FAULT, seconds=over_seconds)
    peaks = grown(courses, Verb.SCALE_WORKLOAD, 0, 1.0 + added[:, None] * courses.shares)
    peaks_over = rows_of(len(target), Verb.SCALE_WORKLOAD, value=1.0, seconds=over_seconds)
    is_bottleneck = (utilisation[callee] == utilisation.max())[:, None]
    return np.where(
        is_bottleneck,
        np.concatenate([peaks, peaks_over[:, None]], axis=1),
        np.concatenate([burns, burns_over[:, None]], axis=1),
    )


@per_application
def _retry_flags(application: Application) -> Ints:
    """Positions of the flags that add retries."""
    return flag_positions(application, adds_retries)


@per_application
def _callees(application: Application) -> Ints:
    """For each of `_retry_flags`, the position of the service that is called again."""
    callees = [_callee(application.flags[position]) for position in _retry_flags(application)]
    return np.array([application.service_names.index(callee) for callee in callees], dtype=np.int64)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(_target(application.flags[position]) for position in _retry_flags(application))


def _callee(flag: ConfigFlag) -> str:
    """The service that is called again; a flag that names none repeats the calls to its own service's callees."""
    effect = next(effect for effect in flag.effects if effect.added_retries)
    return effect.call_target or effect.service


def _target(flag: ConfigFlag) -> Target:
    return Target(
        name=flag.service,
        symptoms=("request rates inside stay high when the trigger is over", "errors feed retries"),
        service=flag.effects[0].service,
        flag=flag.name,
    )
