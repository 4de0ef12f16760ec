"""Something else holds the memory of a service's replicas."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import loaded_positions, loaded_services, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Floats, Intensity, Ints, Target, bounds_by_member
from envs.random_columns import RandomColumns

HEADROOM_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.5, 0.8),
    Intensity.VISIBLE: (0.96, 1.02),
    Intensity.SEVERE: (1.05, 1.3),
}
"""Memory that the stressor holds over what an idle replica leaves free: about 1 its requests decide, above it dies."""
LOAD_RATIO_BOUNDS = (0.05, 1.0)
_HEADROOM_SHARES = bounds_by_member(HEADROOM_SHARES)


class MemoryPressure(FaultFamily):
    """Takes the share of the memory limit that leaves the wanted headroom; beyond it replicas are killed."""

    kind = "memory_pressure"
    root_cause_kind = "resource"

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that work for the users."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Pressure on one service each."""
        service = loaded_positions(requests.application)[target]
        held = _headrooms(requests.application)[service] * draw_by_intensity(requests, rng, _HEADROOM_SHARES)
        load_ratio = np.clip(held, *LOAD_RATIO_BOUNDS)
        return growing(requests, rng, Verb.STRESS_MEMORY, service, lambda shares: load_ratio[:, None] * shares)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"memory of {service} is near its limit", f"{service} is killed for memory"),
            service=service,
        )
        for service in loaded_services(application)
    )


@per_application
def _headrooms(application: Application) -> Floats:
    """[S] share of its limit that an idle replica of each service leaves free."""
    return np.array([1.0 - service.memory_base_bytes / service.memory_limit_bytes for service in application.services])
