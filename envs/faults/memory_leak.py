"""A service's memory grows until its replicas are killed."""

from clusters.commands import ClearFault, LeakMemory
from clusters.scenario import ScheduledFault
from envs.demand import loaded_services
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, scheduled
from envs.random_stream import RandomStream

SECONDS_TO_LIMIT: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (600.0, 900.0),
    Intensity.VISIBLE: (90.0, 150.0),
    Intensity.SEVERE: (25.0, 50.0),
}
"""From a fresh replica to one that is killed, at full strength."""


class MemoryLeak(FaultFamily):
    """Fills what an idle replica leaves free; a restart buys time, and so does a higher limit."""

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A leak in one service that works for the users."""
        service = rng.one(loaded_services(request.application))
        described = request.application.service(service)
        free_bytes = described.memory_limit_bytes - described.memory_base_bytes
        rate = free_bytes / rng.between(SECONDS_TO_LIMIT[request.intensity])
        return scheduled(
            request,
            rng,
            kind="memory_leak",
            target=service,
            root_cause_kind="resource",
            expected_symptoms=(f"memory of {service} grows steadily", f"{service} is killed for memory"),
            command_at=lambda share: LeakMemory(
                fault_id=request.fault_id, service=service, bytes_per_second=rate * share
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
