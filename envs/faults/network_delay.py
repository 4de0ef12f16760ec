"""The network between two services is slow."""

from clusters.commands import ClearFault, DelayEdge
from clusters.scenario import ScheduledFault
from envs.demand import exposed_edges
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, clipped, scheduled
from envs.random_stream import RandomStream

SLO_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.2, 0.4),
    Intensity.VISIBLE: (0.9, 1.3),
    Intensity.SEVERE: (2.0, 3.5),
}
"""Delay that the worst journey gathers over its calls, over its latency objective, at full strength."""
DELAY_BOUNDS_MILLISECONDS = (5.0, 3000.0)


class NetworkDelay(FaultFamily):
    """Delays one edge by as much as hurts the journey that uses it most."""

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """Delay on one service-to-service edge."""
        (source, target), exposure = rng.one(exposed_edges(request.application))
        wanted = rng.between(SLO_SHARES[request.intensity]) / exposure
        latency = clipped(wanted, *DELAY_BOUNDS_MILLISECONDS)
        return scheduled(
            request,
            rng,
            kind="network_delay",
            target=f"{source}->{target}",
            root_cause_kind="network",
            expected_symptoms=(f"latency of {source}->{target} grows", f"requests wait in {source}"),
            command_at=lambda share: DelayEdge(
                fault_id=request.fault_id, source=source, target=target, latency_milliseconds=latency * share
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
