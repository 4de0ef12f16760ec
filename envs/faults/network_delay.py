"""The network between two services is slow."""

import numpy as np

from clusters.commands import ClearFault, DelayEdge
from clusters.scenario import ScheduledFault
from clusters.topology import LOAD_GENERATOR, Application
from envs.demand import estimate_demand
from envs.faults.fault import FaultRequest, Intensity, draw_between, scheduled

SLO_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.2, 0.4),
    Intensity.VISIBLE: (0.9, 1.3),
    Intensity.SEVERE: (2.0, 3.5),
}
"""Delay that the worst journey gathers over its calls, over its latency objective, at full strength."""
DELAY_BOUNDS_MILLISECONDS = (5.0, 3000.0)
MIN_CALLS = 0.3
"""An edge that every journey uses more seldom is no target: few users would notice."""


class NetworkDelay:
    """Delays one edge by as much as hurts the journey that uses it most."""

    def draw(self, request: FaultRequest, rng: np.random.Generator) -> ScheduledFault:
        """Delay on one service-to-service edge."""
        exposure = _exposure(request.application)
        edges = [edge for edge, share in exposure.items() if share > 0]
        source, target = edges[int(rng.integers(len(edges)))]
        wanted = draw_between(SLO_SHARES[request.intensity], rng) / exposure[source, target]
        latency = float(np.clip(wanted, *DELAY_BOUNDS_MILLISECONDS))
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


def _exposure(application: Application) -> dict[tuple[str, str], float]:
    """Share of its objective that the worst journey loses per millisecond of delay on each edge."""
    calls = estimate_demand(application).edge_calls
    objectives = np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    shares = np.where(calls >= MIN_CALLS, calls / objectives[:, None], 0.0).max(axis=0)
    return {
        (edge.source, edge.target): float(share)
        for edge, share in zip(application.edges, shares, strict=True)
        if edge.source != LOAD_GENERATOR
    }
