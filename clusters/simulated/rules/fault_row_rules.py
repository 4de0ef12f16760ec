"""Rows of faults that stands remember until they are cleared: kill loops, CPU stress and delayed edges.

A stand keeps such a fault as its command, whoever gave it; so the commands' own rules say what several amount to.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clusters.command_checks.places import taken_id_refusal
from clusters.commands import Command, DelayEdge, KillPods, StressCpu
from clusters.fault_rows import Row, Rows, Verb, command_of, plain
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.faults import CHANGE, Event, FaultState, Place, put_faults
from clusters.simulated.rules.overlay_rules import total_at
from clusters.simulated.rules.pod_fault_rules import shortest_period, strongest_stress
from clusters.simulated.state import StandState

Ints = NDArray[np.int64]
Faults = dict[str, Command]
"""Active on one stand, by id."""
_Change = tuple[int, int, float, int, int]
"""The fields of `CHANGE`."""

_KINDS: Final = (KillPods, StressCpu, DelayEdge)
# Plain numbers: to ask an enumeration for a member takes as long as to look a fault up.
_INJECTIONS: Final = frozenset(map(int, (Verb.KILL_PODS, Verb.STRESS_CPU, Verb.DELAY_EDGE)))
_CLEAR_FAULT: Final = int(Verb.CLEAR_FAULT)
_EDGE_DELAY, _STRESS, _KILLS = map(int, (Place.EDGE_DELAY, Place.STRESS, Place.KILLS))
_STARTED, _CHANGED, _ENDED = map(int, (Event.STARTED, Event.CHANGED, Event.ENDED))


def carry_out_fault_rows(
    graph: CompiledGraph,
    state: StandState,
    faults: Sequence[Faults],
    stands: Ints,
    rows: Rows,
    fault_ids: NDArray[np.object_],
) -> NDArray[np.bool_]:
    """Carry out those of the rows [K] whose fault is of a kind known here; [K] which were.

    A row that is left keeps back those that come after it on its stand: they may be about the same fault.
    """
    done, kept_back = np.ones(len(rows), dtype=np.bool_), set()
    changes: list[_Change] = []
    for k, (stand, row, ids) in enumerate(zip(stands.tolist(), plain(rows), fault_ids.tolist(), strict=True)):
        of_stand, fault_id = faults[stand], ids[row.fault]
        before = of_stand.get(fault_id)
        if stand in kept_back or not _is_known(row, before):
            kept_back.add(stand)
            done[k] = False
        elif row.verb == _CLEAR_FAULT:
            if before is not None:
                del of_stand[fault_id]
                changes.append(_change(graph, stand, of_stand, before, _ENDED))
        else:
            command = command_of(row, graph.application, fault_id)
            if before is None or not (before == command or taken_id_refusal(before, command)):
                of_stand[fault_id] = command
                event = _STARTED if before is None else _CHANGED
                changes.append(_change(graph, stand, of_stand, command, event))
    if changes:
        columns = FaultState(*(getattr(state, name) for name in FaultState._fields))
        put_faults(np.array(changes, dtype=CHANGE), columns)
    return done


def _is_known(row: Row, before: Command | None) -> bool:
    """Whether a row is about a fault of a kind known here, or about none; `before` has its id so far."""
    if row.verb == _CLEAR_FAULT:
        return before is None or isinstance(before, _KINDS)
    return row.verb in _INJECTIONS


def _change(graph: CompiledGraph, stand: int, faults: Faults, fault: Any, event: int) -> _Change:
    """What the faults that are active now amount to at the place of one that came, changed or went."""
    if type(fault) is DelayEdge:
        edge = graph.edge_index[fault.source, fault.target]
        return stand, edge, total_at(faults, fault), _EDGE_DELAY, event
    s = graph.service_index[fault.service]
    if type(fault) is KillPods:
        return stand, s, shortest_period(faults, fault.service), _KILLS, event
    return stand, s, strongest_stress(faults, fault.service), _STRESS, event
