"""Two services cannot reach each other."""

from clusters.fault_rows import Verb, rows_of
from clusters.topology import Application
from envs.demand import edge_exposures, exposed_edges, per_application
from envs.faults.courses import by_turns
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Intensity, Ints, Lever, Target
from envs.random_columns import RandomColumns

CYCLE_BUCKETS = 6
BAD_BUCKETS: dict[Intensity, int] = {Intensity.MILD: 1, Intensity.VISIBLE: 3, Intensity.SEVERE: 6}
"""Buckets of a cycle without a connection, at full strength."""


class Partition(FaultFamily):
    """Loses every call on one edge: for a while of each minute, or all the time."""

    kind = "partition"
    root_cause_kind = "network"
    levers = frozenset({Lever.LOSS})

    def targets(self, application: Application) -> tuple[Target, ...]:
        """The service-to-service edges that users notice."""
        return _targets(application)

    def draw(self, requests: FaultRequests, target: Ints, rng: RandomColumns) -> DrawnFaults:
        """A partition of one edge each."""
        edge = exposed_edges(requests.application).positions[target]
        return by_turns(
            requests,
            rng,
            bad=rows_of(len(requests), Verb.LOSE_PACKETS, edge, 1.0),
            good=rows_of(len(requests), Verb.CLEAR_FAULT),
            bad_buckets=BAD_BUCKETS,
            cycle=CYCLE_BUCKETS,
        )


@per_application
def _targets(application: Application) -> tuple[Target, ...]:
    return tuple(
        Target(
            name=f"{source}->{target}",
            symptoms=(f"every call {source}->{target} times out", f"requests pile up in {source}"),
            service=source,
        )
        for source, target in edge_exposures(application)
    )
