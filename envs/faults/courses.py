"""The courses that faults take over time: at once or in growing steps, there all the time or by turns, and their end.

Legend: K faults, C steps of growth, I injections of one at most.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from clusters.fault_rows import ROW, Rows, Verb, rows_of
from envs.faults.fault import (
    DURATIONS,
    INTENSITIES,
    DrawnFaults,
    DurationClass,
    FaultRequests,
    Floats,
    Intensity,
    Ints,
    bounds_by_member,
)
from envs.kernels.courses import fill_growths, fill_turns
from envs.random_columns import RandomColumns

LASTING_SECONDS: dict[DurationClass, tuple[float, float]] = {
    DurationClass.TRANSIENT: (60.0, 120.0),
    DurationClass.MEDIUM: (180.0, 300.0),
    DurationClass.SLOW_BURN: (360.0, 480.0),
}
"""Shortest and longest time from start to end."""
SLOW_BURN_SHARES = (0.4, 0.6, 0.8, 1.0)
"""Share of the full strength at each step of a slow burn."""
SLOW_BURN_STEP_SECONDS = (30.0, 60.0)
_SLOW_BURN = DURATIONS.index(DurationClass.SLOW_BURN)
_SLOW_BURN_SHARES = np.array(SLOW_BURN_SHARES)
_LASTING = bounds_by_member(LASTING_SECONDS)


class Courses(NamedTuple):
    """When faults grow, and when they end, in seconds after the warm-up."""

    seconds: Floats
    """[K, C] when each step of the growth begins; infinite: it has fewer."""
    shares: Floats
    """[K, C] of the full strength from then on."""
    end_seconds: Floats
    """[K]"""


def draw_lasting(requests: FaultRequests, rng: RandomColumns) -> Floats:
    """[K] seconds from start to end, by the duration class."""
    low, high = _LASTING
    return rng.multiple(low[requests.duration], high[requests.duration], requests.bucket_seconds)


def draw_by_intensity(requests: FaultRequests, rng: RandomColumns, bounds: tuple[Floats, Floats]) -> Floats:
    """[K] uniform between the bounds of each one's intensity, which `bounds_by_member` made of a table."""
    low, high = bounds
    return rng.between(low[requests.intensity], high[requests.intensity])


def draw_courses(requests: FaultRequests, rng: RandomColumns) -> Courses:
    """Start, growth and end by the duration class."""
    start = requests.start_seconds
    end_seconds = start + draw_lasting(requests, rng)
    step = rng.multiple(*SLOW_BURN_STEP_SECONDS, requests.bucket_seconds)
    seconds, shares = np.empty((2, len(start), len(SLOW_BURN_SHARES)))
    fill_growths(requests.duration == _SLOW_BURN, start, step, _SLOW_BURN_SHARES, seconds, shares)
    return Courses(seconds, shares, end_seconds)


def growing(
    requests: FaultRequests,
    rng: RandomColumns,
    verb: Verb,
    target: Ints | int,
    value_at: Callable[[Floats], Floats],
    clearance: Rows | None = None,
) -> DrawnFaults:
    """Faults whose command depends on the share of their full strength that they have reached.

    Args:
        requests: K of them.
        rng: of the K scenarios.
        verb: of the injections.
        target: [K] of the injections.
        value_at: the number of injections for shares [K, C] of the full strength.
        clearance: [K] what ends them; None: `Verb.CLEAR_FAULT`.
    """
    courses = draw_courses(requests, rng)
    injections = grown(courses, verb, target, value_at(courses.shares))
    if clearance is None:
        clearance = rows_of(len(requests), Verb.CLEAR_FAULT)
    return DrawnFaults(end_seconds=courses.end_seconds, injections=injections, clearance=clearance)


def grown(courses: Courses, verb: Verb, target: Ints | int, value: Floats) -> Rows:
    """[K, C] injections at the steps of courses, with the numbers [K, C]."""
    rows = rows_of(courses.seconds.shape, verb, np.asarray(target)[..., None], value, courses.seconds)
    rows["verb"][np.isinf(courses.seconds)] = Verb.NONE
    return rows


def in_time_order(rows: Rows) -> Rows:
    """[K, I] rows by their seconds, those of NONE last; what comes first at one time stays first."""
    seconds = np.where(rows["verb"] == Verb.NONE, np.inf, rows["seconds"])
    return np.take_along_axis(rows, np.argsort(seconds, axis=1, kind="stable"), axis=1)


def by_turns(
    requests: FaultRequests, rng: RandomColumns, *, bad: Rows, good: Rows, bad_buckets: dict[Intensity, int], cycle: int
) -> DrawnFaults:
    """Faults that are either there or not: their strength is the share of the time that they are there.

    Args:
        requests: K of them.
        rng: of the K scenarios.
        bad: [K] what brings each.
        good: [K] what takes it away, and ends it.
        bad_buckets: how many buckets of a cycle each is there, at full strength; all of them: it stays.
        cycle: buckets of a cycle.
    """
    courses = draw_courses(requests, rng)
    full = np.array([bad_buckets[intensity] for intensity in INTENSITIES])[requests.intensity]
    num_buckets = (courses.end_seconds - requests.start_seconds).max(initial=0.0) / requests.bucket_seconds
    most_cycles = math.ceil(math.ceil(num_buckets) / cycle)
    injections = np.zeros((len(requests), 2 * most_cycles), dtype=ROW)  # in each cycle it comes and goes
    fill_turns(
        (courses.seconds, courses.shares),
        requests.start_seconds,
        courses.end_seconds,
        full,
        cycle,
        requests.bucket_seconds,
        (bad, good),
        injections,
    )
    return DrawnFaults(end_seconds=courses.end_seconds, injections=injections, clearance=good)
