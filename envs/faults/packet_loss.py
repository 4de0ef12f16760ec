"""The network between two services loses calls."""

from clusters.commands import ClearFault, LosePackets
from clusters.scenario import ScheduledFault
from envs.demand import edge_uses
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, Lever, clipped, scheduled
from envs.random_stream import RandomStream

HIT_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.005, 0.012),
    Intensity.VISIBLE: (0.06, 0.12),
    Intensity.SEVERE: (0.3, 0.6),
}
"""Share of the worst journey's requests that meet a lost call, at full strength. Above 0.05 it shows in p95."""
LOSS_BOUNDS = (0.001, 0.95)


class PacketLoss(FaultFamily):
    """Loses calls on one edge; each costs its caller a timeout, and then a retry or an error."""

    levers = frozenset({Lever.LOSS})

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """Loss on one service-to-service edge."""
        calls = edge_uses(request.application)
        source, target = rng.one(tuple(calls))
        wanted = rng.between(HIT_SHARES[request.intensity]) / calls[source, target]
        loss_ratio = clipped(wanted, *LOSS_BOUNDS)
        return scheduled(
            request,
            rng,
            kind="packet_loss",
            target=f"{source}->{target}",
            root_cause_kind="network",
            expected_symptoms=(f"calls {source}->{target} time out", f"requests wait in {source}"),
            command_at=lambda share: LosePackets(
                fault_id=request.fault_id, source=source, target=target, loss_ratio=loss_ratio * share
            ),
            clearance=ClearFault(fault_id=request.fault_id),
        )
