"""More users than planned."""

from clusters.commands import ScaleWorkload
from clusters.scenario import ScheduledFault
from envs.demand import highest_utilisation
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, Lever, scheduled
from envs.random_stream import RandomStream

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.55, 0.68),
    Intensity.VISIBLE: (0.8, 1.05),
    Intensity.SEVERE: (1.15, 1.5),
}
"""Demand over capacity at the busiest service, at full strength and nominal load."""
MIN_MULTIPLIER = 1.15


class TrafficSpike(FaultFamily):
    """Multiplies the offered load; a slow burn grows towards the full multiplier."""

    levers = frozenset({Lever.WORKLOAD})

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A spike of the whole workload."""
        busiest = highest_utilisation(request.application)
        multiplier = max(MIN_MULTIPLIER, rng.between(PRESSURES[request.intensity]) / busiest)
        return scheduled(
            request,
            rng,
            kind="traffic_spike",
            target="workload",
            root_cause_kind="demand",
            expected_symptoms=("request rate grows at every service", "CPU saturates at the busiest service"),
            command_at=lambda share: ScaleWorkload(multiplier=1.0 + (multiplier - 1.0) * share),
            clearance=ScaleWorkload(multiplier=1.0),
        )
