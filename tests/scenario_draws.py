"""Faults that are drawn one at a time, as the generator draws many."""

import numpy as np

from clusters.scenario import ScheduledFault
from clusters.topology import Application
from envs.faults import FAULTS
from envs.faults.fault import DURATIONS, INTENSITIES, DurationClass, FaultRequests, Intensity
from envs.faults.scheduled import scheduled_fault
from envs.random_columns import RandomColumns


def draw_fault(
    kind: str,
    application: Application,
    *,
    intensity: Intensity,
    duration: DurationClass,
    start_seconds: float = 60.0,
    seed: int = 0,
    fault_id: str = "fault-0",
) -> ScheduledFault:
    """What one seed draws of a kind."""
    request = FaultRequests(
        application=application,
        intensity=np.array([INTENSITIES.index(intensity)]),
        duration=np.array([DURATIONS.index(duration)]),
        start_seconds=np.array([start_seconds]),
        bucket_seconds=10.0,
    )
    [fault] = draw_faults(kind, request, [seed], fault_id)
    return fault


def draw_faults(
    kind: str, requests: FaultRequests, seeds: list[int], fault_id: str = "fault-0"
) -> list[ScheduledFault]:
    """What as many seeds as there are requests draw of a kind, all at once."""
    family, rng = FAULTS[kind], RandomColumns(seeds)
    target = rng.index(len(family.targets(requests.application)))
    drawn = family.draw(requests, target, rng)
    return [scheduled_fault(family, requests, target, drawn, k, fault_id) for k in range(len(seeds))]
