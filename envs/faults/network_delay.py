"""The network between two services is slow."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import edge_exposures, exposed_edges, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Target, bounds_by_member
from envs.random_columns import RandomColumns

SLO_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.2, 0.4),
    Intensity.VISIBLE: (0.9, 1.3),
    Intensity.SEVERE: (2.0, 3.5),
}
"""Delay that the worst journey gathers over its calls, over its latency objective, at full strength."""
DELAY_BOUNDS_MILLISECONDS = (5.0, 3000.0)
_SLO_SHARES = bounds_by_member(SLO_SHARES)


class NetworkDelay(FaultFamily):
    """Delays one edge by as much as hurts the journey that uses it most."""

    kind = "network_delay"
    root_cause_kind = "network"

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The service-to-service edges that users notice."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Delay on one edge each."""
        edges = exposed_edges(requests.application)
        wanted = draw_by_intensity(requests, rng, _SLO_SHARES) / edges.exposures[target]
        latency = np.clip(wanted, *DELAY_BOUNDS_MILLISECONDS)
        edge = edges.positions[target]
        return growing(requests, rng, Verb.DELAY_EDGE, edge, lambda shares: latency[:, None] * shares)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=f"{source}->{target}",
            symptoms=(f"latency of {source}->{target} grows", f"requests wait in {source}"),
            service=source,
        )
        for source, target in edge_exposures(application)
    )
