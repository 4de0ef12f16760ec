"""Something else burns the CPU of a service's replicas."""

from clusters.commands import ClearFault, StressCpu
from clusters.scenario import ScheduledFault
from envs.demand import loaded_services, utilisations
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, clipped, scheduled
from envs.random_stream import RandomStream

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.55, 0.7),
    Intensity.VISIBLE: (1.1, 1.5),
    Intensity.SEVERE: (1.6, 2.6),
}
"""Nominal demand over the capacity that the stressor leaves, at full strength: above 1 the queue grows."""
LOAD_RATIO_BOUNDS = (0.05, 0.95)


class CpuPressure(FaultFamily):
    """Takes the share of the CPU limit that leaves the wanted pressure, so that it bites on idle services too."""

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """Pressure on one service that works for the users."""
        service = rng.one(loaded_services(request.application))
        demand = utilisations(request.application)[service]
        pressure = rng.between(PRESSURES[request.intensity])
        load_ratio = clipped(1.0 - demand / pressure, *LOAD_RATIO_BOUNDS)
        return scheduled(
            request,
            rng,
            kind="cpu_pressure",
            target=service,
            root_cause_kind="resource",
            expected_symptoms=(f"CPU of {service} is at its limit", f"latency of {service} and its callers grows"),
            command_at=lambda share: StressCpu(
                fault_id=request.fault_id, service=service, load_ratio=load_ratio * share
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
