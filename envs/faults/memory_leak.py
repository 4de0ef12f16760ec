"""A service's memory grows until its replicas are killed."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import loaded_positions, loaded_services, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Floats, Intensity, Ints, Target, bounds_by_member
from envs.random_columns import RandomColumns

SECONDS_TO_LIMIT: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (600.0, 900.0),
    Intensity.VISIBLE: (90.0, 150.0),
    Intensity.SEVERE: (25.0, 50.0),
}
"""From a fresh replica to one that is killed, at full strength."""
_SECONDS_TO_LIMIT = bounds_by_member(SECONDS_TO_LIMIT)


class MemoryLeak(FaultFamily):
    """Fills what an idle replica leaves free; a restart buys time, and so does a higher limit."""

    kind = "memory_leak"
    root_cause_kind = "resource"

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that work for the users."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """A leak in one service each."""
        service = loaded_positions(requests.application)[target]
        rate = _free_bytes(requests.application)[service] / draw_by_intensity(requests, rng, _SECONDS_TO_LIMIT)
        return growing(requests, rng, Verb.LEAK_MEMORY, service, lambda shares: rate[:, None] * shares)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"memory of {service} grows steadily", f"{service} is killed for memory"),
            service=service,
        )
        for service in loaded_services(application)
    )


@per_application
def _free_bytes(application: Application) -> Floats:
    """[S] what an idle replica of each service leaves free of its limit."""
    return np.array([service.memory_limit_bytes - service.memory_base_bytes for service in application.services])
