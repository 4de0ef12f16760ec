"""Draws the faults of many scenarios: those of one kind together, then each scenario's commands in time order.

Legend: K scenarios, M faults of a kind, W commands of a scenario at most.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.fault_rows import ROW, Rows
from clusters.scenario import ScheduledFault
from clusters.topology import Application
from envs.faults import FAULTS
from envs.faults.fault import DrawnFaults, FaultFamily, FaultRequests, Floats, Ints, Target
from envs.faults.scheduled import scheduled_fault
from envs.kernels.fault_order import add_num_commands, put_in_time_order
from envs.random_columns import RandomColumns
from envs.scenarios.picks import NONE, positions_of

MAX_FAULTS = 2
"""Of one scenario."""
FAULT_IDS = tuple(f"fault-{number}" for number in range(MAX_FAULTS))


@dataclass(frozen=True, kw_only=True)
class WantedFaults:
    """What K scenarios want: [K, MAX_FAULTS] each."""

    kind: Ints
    """Position in the menu's faults; `NONE`: no fault."""
    intensity: Ints
    duration: Ints
    start_seconds: Floats


@dataclass(frozen=True, kw_only=True)
class _Group:
    """Faults of one kind, [M] of them."""

    family: FaultFamily
    rows: Ints
    """[M] the scenario that each belongs to."""
    numbers: Ints
    """[M] its number there."""
    requests: FaultRequests
    target: Ints
    drawn: DrawnFaults


@dataclass(frozen=True, kw_only=True)
class FaultColumns:
    """The faults of K scenarios, kind by kind."""

    num_scenarios: int
    groups: tuple[_Group, ...]
    services: Ints
    """[K, MAX_FAULTS] where each bites first: position in the application's services; `NONE`: there is no fault, or it
    is the load itself."""
    is_of_load: NDArray[np.bool_]
    """[K, MAX_FAULTS] whether it is the load itself."""
    flag: Ints
    """[K] the first flag that turns bad; `NONE`."""
    release: Ints
    """[K] the first release that goes out; `NONE`."""

    def scheduled(self, row: int) -> tuple[ScheduledFault, ...]:
        """The faults of one scenario as objects, in the order of their numbers."""
        found = {
            int(group.numbers[m]): scheduled_fault(
                group.family, group.requests, group.target, group.drawn, m, FAULT_IDS[group.numbers[m]]
            )
            for group in self.groups
            for m in np.flatnonzero(group.rows == row).tolist()
        }
        return tuple(found[number] for number in sorted(found))

    def events(self) -> tuple[Rows, Ints]:
        """([K, W] all commands in time order, at one time clearances first; [K] how many there are)."""
        counts = np.zeros(self.num_scenarios, dtype=np.int64)
        for group in self.groups:
            add_num_commands(group.rows, group.drawn.injections, group.drawn.clearance, counts)
        ordered = np.zeros((self.num_scenarios, counts.max(initial=0)), dtype=ROW)
        counts[...] = 0
        for group in self.groups:
            drawn = group.drawn
            put_in_time_order(
                group.rows, group.numbers, drawn.injections, drawn.clearance, drawn.end_seconds, ordered, counts
            )
        return ordered, counts


class FaultDraws:
    """Of the faults that a menu names and an application can have."""

    def __init__(self, application: Application, faults: tuple[str, ...]) -> None:
        self._application = application
        self._families = tuple(FAULTS[fault] for fault in faults)
        self._targets = [_TargetTable.of(application, family.targets(application)) for family in self._families]

    def draw(self, wanted: WantedFaults, bucket_seconds: float, rng: RandomColumns) -> FaultColumns:
        """The faults of K scenarios; those of one kind are drawn together, whichever number they have."""
        of_each, groups = rng.times(MAX_FAULTS), []
        services, flag, release = (np.full(wanted.kind.shape, NONE) for _ in range(3))
        is_of_load = np.zeros(wanted.kind.shape, dtype=np.bool_)
        for kind in np.unique(wanted.kind[wanted.kind != NONE]).tolist():
            group = self._draw_kind(kind, wanted, bucket_seconds, of_each)
            at, table = (group.rows, group.numbers), self._targets[kind]
            services[at], flag[at], release[at] = (
                positions[group.target] for positions in (table.service, table.flag, table.release)
            )
            is_of_load[at] = services[at] == NONE
            groups.append(group)
        return FaultColumns(
            num_scenarios=len(wanted.kind),
            groups=tuple(groups),
            services=services,
            is_of_load=is_of_load,
            flag=_first(flag),
            release=_first(release),
        )

    def _draw_kind(self, kind: int, wanted: WantedFaults, bucket_seconds: float, rng: RandomColumns) -> _Group:
        is_of_kind = wanted.kind == kind
        numbers, rows = np.nonzero(is_of_kind.T)
        family, at = self._families[kind], (rows, numbers)
        requests = FaultRequests(
            application=self._application,
            intensity=wanted.intensity[at],
            duration=wanted.duration[at],
            start_seconds=wanted.start_seconds[at],
            bucket_seconds=bucket_seconds,
        )
        of_group = rng.of(numbers * len(wanted.kind) + rows)
        target = of_group.index(len(self._targets[kind].service))
        drawn = family.draw(requests, target, of_group)
        return _Group(family=family, rows=rows, numbers=numbers, requests=requests, target=target, drawn=drawn)


def _first(positions: Ints) -> Ints:
    """[K] the first of the positions [K, MAX_FAULTS] that is one."""
    first, second = positions.T
    earliest: Ints = np.where(first == NONE, second, first)
    return earliest


@dataclass(frozen=True, kw_only=True)
class _TargetTable:
    """What a kind of fault may strike: positions in the application, [targets] each; `NONE`."""

    service: Ints
    flag: Ints
    release: Ints

    @classmethod
    def of(cls, application: Application, targets: tuple[Target, ...]) -> "_TargetTable":
        return cls(
            service=positions_of([target.service for target in targets], application.service_names),
            flag=positions_of([target.flag for target in targets], [flag.name for flag in application.flags]),
            release=positions_of([target.release for target in targets], [one.name for one in application.releases]),
        )
