"""The network between two services loses calls."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import edge_exposures, exposed_edges, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Lever, Target, bounds_by_member
from envs.random_columns import RandomColumns

HIT_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.005, 0.012),
    Intensity.VISIBLE: (0.06, 0.12),
    Intensity.SEVERE: (0.3, 0.6),
}
"""Share of the worst journey's requests that meet a lost call, at full strength. Above 0.05 it shows in p95."""
LOSS_BOUNDS = (0.001, 0.95)
_HIT_SHARES = bounds_by_member(HIT_SHARES)


class PacketLoss(FaultFamily):
    """Loses calls on one edge; each costs its caller a timeout, and then a retry or an error."""

    kind = "packet_loss"
    root_cause_kind = "network"
    levers = frozenset({Lever.LOSS})

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The service-to-service edges that users notice."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Loss on one edge each."""
        edges = exposed_edges(requests.application)
        wanted = draw_by_intensity(requests, rng, _HIT_SHARES) / edges.uses[target]
        loss_ratio = np.clip(wanted, *LOSS_BOUNDS)
        edge = edges.positions[target]
        return growing(requests, rng, Verb.LOSE_PACKETS, edge, lambda shares: loss_ratio[:, None] * shares)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=f"{source}->{target}",
            symptoms=(f"calls {source}->{target} time out", f"requests wait in {source}"),
            service=source,
        )
        for source, target in edge_exposures(application)
    )
