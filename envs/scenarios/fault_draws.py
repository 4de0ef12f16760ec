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
from envs.kernels.picks import NONE
from envs.random_columns import RandomColumns
from envs.scenarios.picks import positions_of

MAX_FAULTS = 2
"""Of one scenario."""
FAULT_IDS = tuple(f"fault-{number}" for number in range(MAX_FAULTS))


@dataclass(frozen=True, kw_only=True)
class WantedFaults:
    """What K scenarios want, [MAX_FAULTS * K] each: the first faults of them all, then the second ones."""

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
        self._targets = [_target_table(application, family.targets(application)) for family in self._families]

    def draw(self, wanted: WantedFaults, bucket_seconds: float, rng: RandomColumns) -> FaultColumns:
        """The faults of K scenarios; those of one kind are drawn together, whichever number they have."""
        of_each, groups, num_scenarios = rng.times(MAX_FAULTS), [], len(rng)
        struck = np.full((3, len(wanted.kind)), NONE)
        for kind in np.flatnonzero(np.bincount(wanted.kind[wanted.kind != NONE])).tolist():
            places = np.flatnonzero(wanted.kind == kind)
            group = self._draw_kind(kind, places, wanted, bucket_seconds, of_each)
            struck[:, places] = self._targets[kind][:, group.target]
            groups.append(group)
        services, flags, releases = struck.reshape(3, MAX_FAULTS, num_scenarios)
        has_fault = (wanted.kind != NONE).reshape(MAX_FAULTS, num_scenarios)
        return FaultColumns(
            num_scenarios=num_scenarios,
            groups=tuple(groups),
            services=services.T,
            is_of_load=(has_fault & (services == NONE)).T,
            flag=_first(flags),
            release=_first(releases),
        )

    def _draw_kind(
        self, kind: int, places: Ints, wanted: WantedFaults, bucket_seconds: float, of_each: RandomColumns
    ) -> _Group:
        family, of_group = self._families[kind], of_each.of(places)
        requests = FaultRequests(
            application=self._application,
            intensity=wanted.intensity[places],
            duration=wanted.duration[places],
            start_seconds=wanted.start_seconds[places],
            bucket_seconds=bucket_seconds,
        )
        target = of_group.index(self._targets[kind].shape[1])
        drawn = family.draw(requests, target, of_group)
        numbers, rows = np.divmod(places, len(of_each) // MAX_FAULTS)
        return _Group(family=family, rows=rows, numbers=numbers, requests=requests, target=target, drawn=drawn)


def _first(positions: Ints) -> Ints:
    """[K] the first of the positions [MAX_FAULTS, K] that is one."""
    first, second = positions
    earliest: Ints = np.where(first == NONE, second, first)
    return earliest


def _target_table(application: Application, targets: tuple[Target, ...]) -> Ints:
    """[3, targets] positions of the service, flag and release that each of the targets is; `NONE`."""
    return np.stack(
        [
            positions_of([target.service for target in targets], application.service_names),
            positions_of([target.flag for target in targets], [flag.name for flag in application.flags]),
            positions_of([target.release for target in targets], [release.name for release in application.releases]),
        ]
    )
