"""Rules of the faults that befall single replicas, CPU stress and kill loops, and of lifting any fault."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from clusters.command_checks.refusal import Refusal, rejected
from clusters.commands import CheckStatus, ClearFault, Command, DisturbPods, KillPods, StressCpu
from clusters.simulated.parameters import MAX_STRESS
from clusters.simulated.rules.fault_checks import check_active, fault_refusal, is_active
from clusters.simulated.rules.overlay_rules import refresh
from clusters.simulated.rules.rule import Column, Rule, never, settled


def _stress(column: Column, command: StressCpu) -> None:
    """A known id grows or shrinks on the replicas that still carry it; a new one falls on all that are there."""
    known = command.fault_id in column.faults
    column.faults[command.fault_id] = command
    state, s, n = column.state, column.service(command.service), column.stand
    hit = state.present[:, s, n] & ((state.stress[:, s, n] > 0.0) | (not known))
    state.stress[hit, s, n] = strongest_stress(column.faults, command.service)


def strongest_stress(faults: Mapping[str, Command], service: str) -> float:
    """The share of a service's limit that its stressors take: the strongest counts."""
    strongest = 0.0
    for fault in faults.values():
        if isinstance(fault, StressCpu) and fault.service == service:
            strongest = max(strongest, fault.load_ratio)
    return min(strongest, MAX_STRESS)


def _check_stress(column: Column, command: StressCpu) -> CheckStatus:
    is_felt = column.state.stress[:, column.service(command.service), column.stand].any()
    return CheckStatus.PASSED if is_felt and command.fault_id in column.faults else CheckStatus.FAILED


def _kill(column: Column, command: KillPods) -> None:
    column.faults[command.fault_id] = command
    _refresh_kills(column, column.service(command.service))


def shortest_period(faults: Mapping[str, Command], service: str) -> float:
    """Seconds between two kills of a service's fastest loop; infinite: there is none."""
    shortest = math.inf
    for fault in faults.values():
        if isinstance(fault, KillPods) and fault.service == service:
            shortest = min(shortest, fault.period_seconds)
    return shortest


def _refresh_kills(column: Column, s: int) -> None:
    """The fastest loop of a service counts; a loop kills at once when it starts, and keeps its pace afterwards."""
    state, n = column.state, column.stand
    period = shortest_period(column.faults, column.graph.services[s].name)
    if period != state.kill_period[s, n]:
        state.kill_period[s, n] = period
        state.kill_next[s, n] = state.tick[n] if period < math.inf else np.inf


def _refuse_disturbance(column: Column, command: DisturbPods) -> Refusal | None:
    return rejected(f"a simulated stand has no pods that a {command.disturbance} could disturb; use a live one")


def _do_nothing(column: Column, command: DisturbPods) -> None:
    """Never reached: the command is refused."""


def _accept(column: Column, command: ClearFault) -> Refusal | None:
    return None


def _is_cleared(column: Column, command: ClearFault) -> bool:
    return command.fault_id not in column.faults


def _clear(column: Column, command: ClearFault) -> None:
    fault: Any = column.faults.pop(command.fault_id)
    if isinstance(fault, KillPods):
        _refresh_kills(column, column.service(fault.service))
    elif isinstance(fault, StressCpu):
        state, s, n = column.state, column.service(fault.service), column.stand
        strongest = strongest_stress(column.faults, fault.service)
        state.stress[:, s, n] = np.minimum(state.stress[:, s, n], strongest)
    else:
        refresh(column, fault)


STRESS_CPU = Rule[StressCpu](refusal=fault_refusal, is_there=is_active, carry_out=_stress, postcheck=_check_stress)
KILL_PODS = Rule[KillPods](refusal=fault_refusal, is_there=is_active, carry_out=_kill, postcheck=check_active)
DISTURB_PODS = Rule[DisturbPods](
    refusal=_refuse_disturbance, is_there=never, carry_out=_do_nothing, postcheck=settled(never)
)
CLEAR_FAULT = Rule[ClearFault](refusal=_accept, is_there=_is_cleared, carry_out=_clear, postcheck=settled(_is_cleared))
