"""A service's replicas crash again and again."""

from clusters.commands import ClearFault, KillPods
from clusters.scenario import ScheduledFault
from envs.demand import loaded_services
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, Lever, scheduled
from envs.random_stream import RandomStream

PERIODS_SECONDS: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (80.0, 120.0),
    Intensity.VISIBLE: (20.0, 35.0),
    Intensity.SEVERE: (8.0, 15.0),
}
"""Time between two kills, at full strength."""


class RestartLoop(FaultFamily):
    """Kills one replica a period; a slow burn kills ever more often."""

    levers = frozenset({Lever.KILLS})

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A loop on one service that works for the users."""
        service = rng.one(loaded_services(request.application))
        period = rng.between(PERIODS_SECONDS[request.intensity])
        return scheduled(
            request,
            rng,
            kind="restart_loop",
            target=service,
            root_cause_kind="availability",
            expected_symptoms=(f"{service} restarts", f"calls to {service} fail"),
            command_at=lambda share: KillPods(
                fault_id=request.fault_id, service=service, period_seconds=float(round(period / share))
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
