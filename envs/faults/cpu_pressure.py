"""Something else burns the CPU of a service's replicas."""

import numpy as np

from clusters.fault_rows import Verb
from clusters.topology import Application
from envs.demand import estimate_demand, loaded_positions, loaded_services, per_application
from envs.faults.courses import draw_by_intensity, growing
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Target, bounds_by_member
from envs.random_columns import RandomColumns

PRESSURES: dict[Intensity, tuple[float, float]] = {
    Intensity.MILD: (0.55, 0.7),
    Intensity.VISIBLE: (1.1, 1.5),
    Intensity.SEVERE: (1.6, 2.6),
}
"""Nominal demand over the capacity that the stressor leaves, at full strength: above 1 the queue grows."""
LOAD_RATIO_BOUNDS = (0.05, 0.95)
_PRESSURES = bounds_by_member(PRESSURES)


class CpuPressure(FaultFamily):
    """Takes the share of the CPU limit that leaves the wanted pressure, so that it bites on idle services too."""

    kind = "cpu_pressure"
    root_cause_kind = "resource"

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that work for the users."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Pressure on one service each."""
        service = loaded_positions(requests.application)[target]
        demand = estimate_demand(requests.application).utilisation[service]
        pressure = draw_by_intensity(requests, rng, _PRESSURES)
        load_ratio = np.clip(1.0 - demand / pressure, *LOAD_RATIO_BOUNDS)
        return growing(requests, rng, Verb.STRESS_CPU, service, lambda shares: load_ratio[:, None] * shares)


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"CPU of {service} is at its limit", f"latency of {service} and its callers grows"),
            service=service,
        )
        for service in loaded_services(application)
    )
