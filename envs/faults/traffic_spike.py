"""More users than planned."""

import numpy as np

from clusters.commands import ScaleWorkload
from clusters.scenario import ScheduledFault
from envs.faults.fault import FaultRequest, Intensity, draw_between, scheduled

MULTIPLIERS: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (1.15, 1.4),
    Intensity.VISIBLE: (1.6, 2.1),
    Intensity.SEVERE: (2.3, 3.0),
}
"""Of the planned load, at full strength."""


class TrafficSpike:
    """Multiplies the offered load; a slow burn grows towards the full multiplier."""

    def draw(self, request: FaultRequest, rng: np.random.Generator) -> ScheduledFault:
        """A spike of the whole workload."""
        excess = draw_between(MULTIPLIERS[request.intensity], rng) - 1.0
        return scheduled(
            request,
            rng,
            kind="traffic_spike",
            target="workload",
            root_cause_kind="demand",
            expected_symptoms=("request rate grows at every service", "CPU saturates at the busiest service"),
            command_at=lambda share: ScaleWorkload(multiplier=1.0 + excess * share),
            clearance=ScaleWorkload(multiplier=1.0),
        )
