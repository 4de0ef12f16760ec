"""A cache, a database or a message broker is gone."""

from clusters.commands import ClearFault, FailService
from clusters.scenario import ScheduledFault
from clusters.topology import Application, ServiceKind
from envs.demand import per_application
from envs.faults.fault import FaultFamily, FaultRequest, Intensity
from envs.faults.flapping import flapping
from envs.random_stream import RandomStream

CYCLE_BUCKETS = 6
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 3, Intensity.SEVERE: 6}
"""Buckets of a cycle without the service, at full strength."""


class Outage(FaultFamily):
    """Takes a service of one kind down: for a while of each minute, or all the time.

    Args:
        kind: its name among the faults.
        service_kind: of the services that it strikes.
    """

    def __init__(self, kind: str, service_kind: ServiceKind) -> None:
        self._kind = kind
        self._services = per_application(
            lambda application: tuple(
                service.name
                for service in application.services
                if service.kind is service_kind and any(edge.target == service.name for edge in application.edges)
            )
        )

    def applies_to(self, application: Application) -> bool:
        """It calls a service of the kind."""
        return bool(self._services(application))

    def draw(self, request: FaultRequest, rng: RandomStream) -> ScheduledFault:
        """An outage of one service of the kind."""
        service = rng.one(self._services(request.application))
        return flapping(
            request,
            rng,
            kind=self._kind,
            target=service,
            root_cause_kind="availability",
            expected_symptoms=(f"{service} answers nobody", f"callers of {service} fail or go on without it"),
            bad=FailService(fault_id=request.fault_id, service=service),
            good=ClearFault(fault_id=request.fault_id),
            bad_buckets=BAD_BUCKETS[request.intensity],
            cycle_buckets=CYCLE_BUCKETS,
        )
