"""A service's replicas crash again and again."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import loaded_positions, loaded_services, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Lever, Target, bounds_by_member
from envs.random_columns import RandomColumns

PERIODS_SECONDS: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (80.0, 120.0),
    Intensity.VISIBLE: (20.0, 35.0),
    Intensity.SEVERE: (8.0, 15.0),
}
"""Time between two kills, at full strength."""
_PERIODS_SECONDS = bounds_by_member(PERIODS_SECONDS)


class RestartLoop(FaultFamily):
    """Kills one replica a period; a slow burn kills ever more often."""

    kind = "restart_loop"
    root_cause_kind = "availability"
    levers = frozenset({Lever.KILLS})

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that work for the users."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """A loop on one service each."""
        service = loaded_positions(requests.application)[target]
        period = draw_by_intensity(requests, rng, _PERIODS_SECONDS)
        return growing(requests, rng, Verb.KILL_PODS, service, lambda shares: np.round(period[:, None] / shares))


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"{service} restarts", f"calls to {service} fail"),
            service=service,
        )
        for service in loaded_services(application)
    )
