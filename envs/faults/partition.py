"""Two services cannot reach each other."""

from clusters.commands import ClearFault, LosePackets
from clusters.scenario import ScheduledFault
from envs.demand import edge_uses
from envs.faults.fault import FaultFamily, FaultRequest, Intensity, Lever
from envs.faults.flapping import flapping
from envs.random_stream import RandomStream

CYCLE_BUCKETS = 6
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 3, Intensity.SEVERE: 6}
"""Buckets of a cycle without a connection, at full strength."""


class Partition(FaultFamily):
    """Loses every call on one edge: for a while of each minute, or all the time."""

    levers = frozenset({Lever.LOSS})

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A partition of one service-to-service edge."""
        source, target = rng.one(tuple(edge_uses(request.application)))
        return flapping(
            request,
            rng,
            kind="partition",
            target=f"{source}->{target}",
            root_cause_kind="network",
            expected_symptoms=(f"every call {source}->{target} times out", f"requests pile up in {source}"),
            bad=LosePackets(fault_id=request.fault_id, source=source, target=target, loss_ratio=1.0),
            good=ClearFault(fault_id=request.fault_id),
            bad_buckets=BAD_BUCKETS[request.intensity],
            cycle_buckets=CYCLE_BUCKETS,
        )
