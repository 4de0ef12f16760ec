"""A service's port points at nothing."""

from clusters.commands import BreakPort, ClearFault
from clusters.scenario import ScheduledFault
from clusters.topology import LOAD_GENERATOR
from envs.demand import edge_uses
from envs.faults.fault import FaultFamily, FaultRequest, Intensity
from envs.faults.flapping import flapping
from envs.random_stream import RandomStream

CYCLE_BUCKETS = 6
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 3, Intensity.SEVERE: 6}
"""Buckets of a cycle with the wrong port, at full strength."""


class WrongPort(FaultFamily):
    """Refuses every call to a service whose replicas look ready: a bad manifest, for a while or for good."""

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """A wrong port of one service that others call."""
        callees = dict.fromkeys(target for source, target in edge_uses(request.application) if source != LOAD_GENERATOR)
        service = rng.one(tuple(callees))
        return flapping(
            request,
            rng,
            kind="wrong_port",
            target=service,
            root_cause_kind="configuration",
            expected_symptoms=(f"every call to {service} is refused", f"{service} is ready and idle"),
            bad=BreakPort(fault_id=request.fault_id, service=service),
            good=ClearFault(fault_id=request.fault_id),
            bad_buckets=BAD_BUCKETS[request.intensity],
            cycle_buckets=CYCLE_BUCKETS,
        )
