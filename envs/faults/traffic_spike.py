"""More users than planned."""

import numpy as np

from clusters.fault_rows import Verb, rows_of
from clusters.topology import Application
from envs.demand import highest_utilisation
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Lever, Target, bounds_by_member
from envs.random_columns import RandomColumns

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.55, 0.68),
    Intensity.VISIBLE: (0.8, 1.05),
    Intensity.SEVERE: (1.15, 1.5),
}
"""Demand over capacity at the busiest service, at full strength and nominal load."""
MIN_MULTIPLIER = 1.15
_PRESSURES = bounds_by_member(PRESSURES)
_TARGETS = (
    Target(
        name="workload",
        symptoms=("request rate grows at every service", "CPU saturates at the busiest service"),
        service=None,
    ),
)


class TrafficSpike(FaultFamily):
    """Multiplies the offered load; a slow burn grows towards the full multiplier."""

    kind = "traffic_spike"
    root_cause_kind = "demand"
    levers = frozenset({Lever.WORKLOAD})

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The whole workload."""
        return _TARGETS

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Spikes of the whole workload, back to its own rates at the end."""
        pressure = draw_by_intensity(requests, rng, _PRESSURES)
        added = np.maximum(MIN_MULTIPLIER, pressure / highest_utilisation(requests.application)) - 1.0
        return growing(
            requests,
            rng,
            Verb.SCALE_WORKLOAD,
            0,
            lambda shares: 1.0 + added[:, None] * shares,
            rows_of(len(requests), Verb.SCALE_WORKLOAD, value=1.0),
        )
