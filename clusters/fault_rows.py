"""The commands of faults as rows of numbers: what a thousand stands are to be told, without an object for each.

A row names a verb, what it acts on by its position in the application, and one number. `command_of` makes the command
of a row. A command that somebody gave as an object keeps being one: its row has its place in a list.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clusters.commands import (
    BreakPort,
    ClearFault,
    Command,
    DelayEdge,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    ScaleWorkload,
    SetFlag,
    ShiftTraffic,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.topology import Application

ROW: np.dtype[np.void] = np.dtype(
    [("seconds", "f8"), ("value", "f8"), ("target", "i4"), ("fault", "i2"), ("verb", "i1"), ("is_clearance", "?")]
)
"""One command of a fault: when after the warm-up, its number, what it acts on, which of its scenario's faults it is of,
its `Verb`, and whether it ends the fault."""
Rows = NDArray[np.void]
GOOD, BAD = 0.0, 1.0
"""What a row of SET_FLAG says: the flag's good variant, or its bad one."""


class Verb(IntEnum):
    """What a row does; the comment says what its target is, and its number."""

    NONE = 0
    GIVEN = 1  # position in the list of commands that the scenario brings
    SET_FLAG = 2  # flag; GOOD or BAD
    SHIFT_TRAFFIC = 3  # release; share
    SCALE_WORKLOAD = 4  # nothing; multiplier
    STRESS_CPU = 5  # service; load ratio
    STRESS_MEMORY = 6  # service; load ratio
    LEAK_MEMORY = 7  # service; bytes per second
    DELAY_EDGE = 8  # edge; milliseconds
    LOSE_PACKETS = 9  # edge; loss ratio
    FAIL_SERVICE = 10  # service
    SLOW_SERVICE = 11  # service; milliseconds
    BREAK_PORT = 12  # service
    KILL_PODS = 13  # service; period in seconds
    CLEAR_FAULT = 14  # nothing


def rows_of(
    shape: int | tuple[int, ...], verb: Verb, target: ArrayLike = 0, value: ArrayLike = 0.0, seconds: ArrayLike = 0.0
) -> Rows:
    """Rows of one verb; what is given for them is broadcast to the shape."""
    rows = np.zeros(shape, dtype=ROW)
    rows["verb"], rows["target"], rows["value"], rows["seconds"] = verb, target, value, seconds
    return rows


class Row(NamedTuple):
    """One of `Rows` as plain numbers."""

    seconds: float
    value: float
    target: int
    fault: int
    verb: int
    is_clearance: bool


def plain(rows: Rows) -> list[Row]:
    """Rows [K] as plain numbers: to read a field of an array's row takes as long as to make all of this."""
    return list(map(Row._make, rows.tolist()))


def command_of(row: Row, application: Application, fault_id: str, given: Sequence[Command] = ()) -> Command:
    """The command that a row stands for.

    Args:
        row: whose verb is not NONE.
        application: whose services, edges, flags and releases the row counts.
        fault_id: of the fault that it belongs to.
        given: the list that rows of GIVEN count.
    """
    if row.verb == Verb.GIVEN:
        return given[row.target]
    return _COMMANDS[row.verb](application, fault_id, row.target, row.value)


def _set_flag(application: Application, fault_id: str, target: int, value: float) -> Command:
    flag = application.flags[target]
    return SetFlag(flag=flag.name, variant=flag.bad_variant if value == BAD else flag.good_variant)


def _shift_traffic(application: Application, fault_id: str, target: int, value: float) -> Command:
    release = application.releases[target]
    return ShiftTraffic(service=release.service, release=release.name, share=value)


def _delay_edge(application: Application, fault_id: str, target: int, value: float) -> Command:
    edge = application.edges[target]
    return DelayEdge(fault_id=fault_id, source=edge.source, target=edge.target, latency_milliseconds=value)


def _lose_packets(application: Application, fault_id: str, target: int, value: float) -> Command:
    edge = application.edges[target]
    return LosePackets(fault_id=fault_id, source=edge.source, target=edge.target, loss_ratio=value)


def _name(application: Application, target: int) -> str:
    return application.services[target].name


_COMMANDS: dict[int, Callable[[Application, str, int, float], Command]] = {
    Verb.SET_FLAG: _set_flag,
    Verb.SHIFT_TRAFFIC: _shift_traffic,
    Verb.SCALE_WORKLOAD: lambda _, __, ___, value: ScaleWorkload(multiplier=value),
    Verb.STRESS_CPU: lambda of, fault_id, s, ratio: StressCpu(
        fault_id=fault_id, service=_name(of, s), load_ratio=ratio
    ),
    Verb.STRESS_MEMORY: lambda of, fault_id, s, ratio: StressMemory(
        fault_id=fault_id, service=_name(of, s), load_ratio=ratio
    ),
    Verb.LEAK_MEMORY: lambda of, fault_id, s, rate: LeakMemory(
        fault_id=fault_id, service=_name(of, s), bytes_per_second=rate
    ),
    Verb.DELAY_EDGE: _delay_edge,
    Verb.LOSE_PACKETS: _lose_packets,
    Verb.FAIL_SERVICE: lambda of, fault_id, s, _: FailService(fault_id=fault_id, service=_name(of, s)),
    Verb.SLOW_SERVICE: lambda of, fault_id, s, milliseconds: SlowService(
        fault_id=fault_id, service=_name(of, s), latency_milliseconds=milliseconds
    ),
    Verb.BREAK_PORT: lambda of, fault_id, s, _: BreakPort(fault_id=fault_id, service=_name(of, s)),
    Verb.KILL_PODS: lambda of, fault_id, s, seconds: KillPods(
        fault_id=fault_id, service=_name(of, s), period_seconds=seconds
    ),
    Verb.CLEAR_FAULT: lambda _, fault_id, __, ___: ClearFault(fault_id=fault_id),
}
