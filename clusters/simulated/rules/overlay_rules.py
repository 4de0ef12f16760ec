"""Rules of the faults that are one number at one place: a delay, a loss, a leak, an outage.

Where several meet at one place their numbers are combined, as `OVERLAYS` says. An id that is given again replaces its
own fault.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from clusters.command_checks.places import place_of
from clusters.commands import (
    BreakPort,
    Command,
    DelayEdge,
    FailService,
    LeakMemory,
    LosePackets,
    SlowService,
    StressMemory,
)
from clusters.simulated.parameters import COLD_SECONDS
from clusters.simulated.replica_set import lose_requests
from clusters.simulated.rules.effects import apply_effects
from clusters.simulated.rules.fault_checks import check_active, fault_refusal, is_active
from clusters.simulated.rules.rule import Column, Rule
from clusters.simulated.streams.pod_events import PodEventReason


def _add(one: float, other: float) -> float:
    return one + other


def _either(one: float, other: float) -> float:
    """Two independent chances, of which one is enough."""
    return 1.0 - (1.0 - one) * (1.0 - other)


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """A fault that is one number, in one field of the state, at a service or an edge."""

    field: str
    key: str = ""
    """The command's field that holds the number; empty: the fault is there or not."""
    unit: float = 1.0
    """The state's unit per command's unit."""
    most: float = math.inf
    combine: Callable[[float, float], float] = _add
    """What two of them at one place amount to, before `most` bounds it."""

    def amount(self, command: Any) -> float:
        """The number in the state's unit."""
        return float(getattr(command, self.key)) * self.unit if self.key else 1.0


OVERLAYS: Final[dict[type[Any], Overlay]] = {
    DelayEdge: Overlay(field="edge_delay_seconds", key="latency_milliseconds", unit=1e-3),
    LosePackets: Overlay(field="edge_loss", key="loss_ratio", most=1.0, combine=_either),
    StressMemory: Overlay(field="memory_stress", key="load_ratio", most=1.0),
    LeakMemory: Overlay(field="leak_bytes_per_second", key="bytes_per_second"),
    SlowService: Overlay(field="slow_seconds", key="latency_milliseconds", unit=1e-3),
    FailService: Overlay(field="service_down", most=1.0),
    BreakPort: Overlay(field="port_broken", most=1.0),
}


def total_at(faults: Mapping[str, Command], command: Any) -> float:
    """What the active faults of a command's kind amount to at its place, in the state's unit."""
    kind, place, total = type(command), place_of(command), 0.0
    overlay = OVERLAYS[kind]
    for fault in faults.values():
        if type(fault) is kind and place_of(fault) == place:
            total = min(overlay.combine(total, overlay.amount(fault)), overlay.most)
    return total


def refresh(column: Column, command: Any) -> None:
    """Bring the place of a fault in line with the faults that are active there."""
    overlay, place, total = OVERLAYS[type(command)], place_of(command), total_at(column.faults, command)
    graph, n = column.graph, column.stand
    position = graph.edge_index[place] if len(place) == 2 else column.service(place[0])
    values = getattr(column.state, overlay.field)
    before = float(values[position, n])
    values[position, n] = total
    if isinstance(command, SlowService):
        apply_effects(graph, column.state, n)
    if isinstance(command, FailService) and bool(before) != bool(total):
        _fail_or_recover(column, position, is_down=bool(total))


def _fail_or_recover(column: Column, s: int, *, is_down: bool) -> None:
    """What is in flight dies with an outage. Afterwards containers start from nothing: caches are cold."""
    graph, state, n = column.graph, column.state, column.stand
    present = state.present[:, s, n]
    column.note(PodEventReason.STARTED if not is_down else PodEventReason.UNHEALTHY, s, int(present.sum()))
    if is_down:
        lose_requests(graph, state, s, n, 1.0)
        return
    startup = float(graph.startup_seconds[s, 0]) + COLD_SECONDS
    state.timer[:, s, n] = np.where(present, startup, state.timer[:, s, n])
    state.stress[:, s, n] = 0.0
    state.leaked_bytes[s, n] = 0.0


def _inject(column: Column, command: Any) -> None:
    column.faults[command.fault_id] = command
    refresh(column, command)


OVERLAY = Rule[Any](refusal=fault_refusal, is_there=is_active, carry_out=_inject, postcheck=check_active)
"""The rule of every kind in `OVERLAYS`."""
