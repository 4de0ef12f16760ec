"""A service's port points at nothing."""

from clusters.fault_rows import Verb, rows_of
from clusters.topology import Application
from envs.demand import dependency_exposures, exposed_services, per_application
from envs.faults.courses import by_turns
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Target
from envs.random_columns import RandomColumns

CYCLE_BUCKETS = 6
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 3, Intensity.SEVERE: 6}
"""Buckets of a cycle with the wrong port, at full strength."""


class WrongPort(FaultFamily):
    """Refuses every call to a service whose replicas look ready: a bad manifest, for a while or for good."""

    kind = "wrong_port"
    root_cause_kind = "configuration"

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that others call."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """A wrong port of one service each."""
        service = exposed_services(requests.application).positions[target]
        return by_turns(
            requests,
            rng,
            bad=rows_of(len(requests), Verb.BREAK_PORT, service),
            good=rows_of(len(requests), Verb.CLEAR_FAULT),
            bad_buckets=BAD_BUCKETS,
            cycle=CYCLE_BUCKETS,
        )


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"every call to {service} is refused", f"{service} is ready and idle"),
            service=service,
        )
        for service in dependency_exposures(application)
    )
