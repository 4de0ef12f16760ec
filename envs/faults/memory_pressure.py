"""Something else holds the memory of a service's replicas."""

from clusters.commands import ClearFault, StressMemory
from clusters.scenario import ScheduledFault
from envs.demand import loaded_services
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, clipped, scheduled
from envs.random_stream import RandomStream

HEADROOM_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.5, 0.8),
    Intensity.VISIBLE: (0.96, 1.02),
    Intensity.SEVERE: (1.05, 1.3),
}
"""Memory that the stressor holds over what an idle replica leaves free: about 1 its requests decide, above it dies."""
LOAD_RATIO_BOUNDS = (0.05, 1.0)


class MemoryPressure(FaultFamily):
    """Takes the share of the memory limit that leaves the wanted headroom; beyond it replicas are killed."""

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """Pressure on one service that works for the users."""
        service = rng.one(loaded_services(request.application))
        described = request.application.service(service)
        headroom = 1.0 - described.memory_base_bytes / described.memory_limit_bytes
        load_ratio = clipped(headroom * rng.between(HEADROOM_SHARES[request.intensity]), *LOAD_RATIO_BOUNDS)
        return scheduled(
            request,
            rng,
            kind="memory_pressure",
            target=service,
            root_cause_kind="resource",
            expected_symptoms=(f"memory of {service} is near its limit", f"{service} is killed for memory"),
            command_at=lambda share: StressMemory(
                fault_id=request.fault_id, service=service, load_ratio=load_ratio * share
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
