"""A service that others depend on answers slowly, though it is idle."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import dependency_exposures, exposed_services, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Target, bounds_by_member
from envs.random_columns import RandomColumns

SLO_SHARES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.2, 0.4),
    Intensity.VISIBLE: (0.9, 1.3),
    Intensity.SEVERE: (2.0, 3.5),
}
"""Waiting that the worst journey gathers over its calls, over its latency objective, at full strength."""
WAIT_BOUNDS_MILLISECONDS = (5.0, 3000.0)
_SLO_SHARES = bounds_by_member(SLO_SHARES)


class DependencySlowdown(FaultFamily):
    """Adds waiting to a service by as much as hurts the journey that uses it most; its workers are held meanwhile."""

    kind = "dependency_slowdown"
    root_cause_kind = "dependency"

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that others call."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """One slow service each."""
        exposed = exposed_services(requests.application)
        wanted = draw_by_intensity(requests, rng, _SLO_SHARES) / exposed.exposures[target]
        latency = np.clip(wanted, *WAIT_BOUNDS_MILLISECONDS)
        service = exposed.positions[target]
        return growing(requests, rng, Verb.SLOW_SERVICE, service, lambda shares: latency[:, None] * shares)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"latency of {service} grows, its CPU does not", f"requests queue at {service}"),
            service=service,
        )
        for service in dependency_exposures(application)
    )
