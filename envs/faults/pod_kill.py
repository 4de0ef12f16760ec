"""Replicas of a service die once, as when their node goes away."""

import numpy as np

from clusters.fault_rows import Verb, rows_of
from clusters.topology import Application
from envs.demand import loaded_positions, loaded_services, per_application
from envs.faults.courses import draw_lasting
from envs.faults.fault import (
    DrawnFaults,
    DurationClass,
    FaultFamily,
    FaultRequests,
    Intensity,
    Ints,
    Lever,
    Target,
    by_member,
)
from envs.random_columns import RandomColumns

NUM_KILLS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 2, Intensity.SEVERE: 4}
"""Replicas that die, one a bucket. Where there are fewer, a fresh one dies again."""
NEVER_AGAIN_SECONDS = 1e6
"""A kill's period, longer than any episode."""
_NUM_KILLS = by_member(NUM_KILLS)


class PodKill(FaultFamily):
    """Kills some replicas, and leaves the service to recover by itself."""

    kind = "pod_kill"
    root_cause_kind = "availability"
    levers = frozenset({Lever.KILLS})
    durations = (DurationClass.TRANSIENT,)

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The services that work for the users."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """Kills at one service each."""
        number = np.arange(max(NUM_KILLS.values()))
        injections = rows_of(
            (len(requests), len(number)),
            Verb.KILL_PODS,
            loaded_positions(requests.application)[target][:, None],
            # Another period under the same id starts the loop anew, which kills at once.
            NEVER_AGAIN_SECONDS + number,
            requests.start_seconds[:, None] + number * requests.bucket_seconds,
        )
        injections["verb"][number >= _NUM_KILLS[requests.intensity][:, None]] = Verb.NONE
        return DrawnFaults(
            end_seconds=requests.start_seconds + draw_lasting(requests, rng),
            injections=injections,
            clearance=rows_of(len(requests), Verb.CLEAR_FAULT),
        )


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=service,
            symptoms=(f"{service} restarts once", f"some calls to {service} fail"),
            service=service,
        )
        for service in loaded_services(application)
    )
