"""A cache, a database or a message broker is gone."""

import numpy as np

from clusters.fault_rows import Verb, rows_of
from clusters.topology import Application, ServiceKind
from envs.demand import per_application
from envs.faults.courses import by_turns
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Target
from envs.random_columns import RandomColumns

CYCLE_BUCKETS = 6
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 3, Intensity.SEVERE: 6}
"""Buckets of a cycle without the service, at full strength."""


class Outage(FaultFamily):
    """Takes a service of one kind down: for a while of each minute, or all the time.

    Args:
        kind: its name among the faults.
        service_kind: of the services that it strikes.
    """

    root_cause_kind = "availability"

    def __init__(self, kind: str, service_kind: ServiceKind) -> None:
        self.kind = kind
        self._positions = per_application(lambda application: _called(application, service_kind))
        self._targets = per_application(
            lambda application: tuple(
                _target(application.services[position].name) for position in self._positions(application)
            )
        )

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services of the kind that are called."""
        return self._targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """An outage of one service each."""
        service = self._positions(requests.application)[target]
        return by_turns(
            requests,
            rng,
            bad=rows_of(len(requests), Verb.FAIL_SERVICE, service),
            good=rows_of(len(requests), Verb.CLEAR_FAULT),
            bad_buckets=BAD_BUCKETS,
            cycle=CYCLE_BUCKETS,
        )


def _called(application: Application, kind: ServiceKind) -> Ints:
    """Positions of the services of a kind that are called."""
    callees = {edge.target for edge in application.edges}
    positions = [
        position
        for position, service in enumerate(application.services)
        if service.kind is kind and service.name in callees
    ]
    return np.array(positions, dtype=np.int64)


def _target(service: str) -> Target:
    return Target(
        name=service,
        symptoms=(f"{service} answers nobody", f"callers of {service} fail or go on without it"),
        service=service,
    )
