"""A service that others depend on answers slowly, though it is idle."""

from clusters.commands import ClearFault, SlowService
from clusters.scenario import ScheduledFault
from envs.demand import dependency_exposures
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, clipped, scheduled
from envs.random_stream import RandomStream

SLO_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.2, 0.4),
    Intensity.VISIBLE: (0.9, 1.3),
    Intensity.SEVERE: (2.0, 3.5),
}
"""Waiting that the worst journey gathers over its calls, over its latency objective, at full strength."""
WAIT_BOUNDS_MILLISECONDS = (5.0, 3000.0)


class DependencySlowdown(FaultFamily):
    """Adds waiting to a service by as much as hurts the journey that uses it most; its workers are held meanwhile."""

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A slow service that others call."""
        exposures = dependency_exposures(request.application)
        service = rng.one(tuple(exposures))
        wanted = rng.between(SLO_SHARES[request.intensity]) / exposures[service]
        latency = clipped(wanted, *WAIT_BOUNDS_MILLISECONDS)
        return scheduled(
            request,
            rng,
            kind="dependency_slowdown",
            target=service,
            root_cause_kind="dependency",
            expected_symptoms=(f"latency of {service} grows, its CPU does not", f"requests queue at {service}"),
            command_at=lambda share: SlowService(
                fault_id=request.fault_id, service=service, latency_milliseconds=latency * share
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
