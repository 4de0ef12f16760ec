"""Rules of the scenarios' verbs: load and faults."""

import math

import numpy as np

from clusters.commands import CheckStatus, ClearFault, Command, DelayEdge, KillPods, ScaleWorkload, StressCpu
from clusters.simulated.parameters import MAX_STRESS, TICK_SECONDS
from clusters.simulated.rules import Column, Rule, service_refusal


def _refuse_workload(column: Column, command: ScaleWorkload) -> str:
    if not 0 <= command.multiplier < math.inf:
        return f"a workload multiplier of {command.multiplier} is impossible; give 0 or more"
    return ""


def _has_workload(column: Column, command: ScaleWorkload) -> bool:
    return bool(column.state.multiplier[column.stand] == command.multiplier)


def _scale_workload(column: Column, command: ScaleWorkload) -> None:
    column.state.multiplier[column.stand] = command.multiplier


def _check_workload(column: Column, command: ScaleWorkload) -> CheckStatus:
    return CheckStatus.PASSED if _has_workload(column, command) else CheckStatus.FAILED


def _refuse_other_kind(column: Column, fault_id: str, kind: type[Command]) -> str:
    active = column.faults.get(fault_id)
    if active is not None and type(active) is not kind:
        return f"fault {fault_id!r} is active as {type(active).__name__}; clear it first or use another id"
    return ""


def _is_active(column: Column, command: StressCpu | DelayEdge | KillPods) -> bool:
    return column.faults.get(command.fault_id) == command


def _refuse_stress(column: Column, command: StressCpu) -> str:
    if refusal := service_refusal(column, command.service):
        return refusal
    if not 0 < command.load_ratio <= 1:
        return f"a CPU load of {command.load_ratio} is impossible; give more than 0 and at most 1"
    active = column.faults.get(command.fault_id)
    if isinstance(active, StressCpu) and active.service != command.service:
        return f"fault {command.fault_id!r} is active at {active.service}; clear it first or use another id"
    return _refuse_other_kind(column, command.fault_id, StressCpu)


def _stress(column: Column, command: StressCpu) -> None:
    """A known id grows or shrinks on the replicas that still carry it; a new one falls on all that are there."""
    known = command.fault_id in column.faults
    column.faults[command.fault_id] = command
    state, s, n = column.state, column.service(command.service), column.stand
    hit = state.present[:, s, n] & ((state.stress[:, s, n] > 0.0) | (not known))
    state.stress[hit, s, n] = _strongest_stress(column, command.service)


def _strongest_stress(column: Column, service: str) -> float:
    loads = [f.load_ratio for f in column.faults.values() if isinstance(f, StressCpu) and f.service == service]
    return min(max(loads, default=0.0), MAX_STRESS)


def _check_stress(column: Column, command: StressCpu) -> CheckStatus:
    is_felt = column.state.stress[:, column.service(command.service), column.stand].any()
    return CheckStatus.PASSED if is_felt and command.fault_id in column.faults else CheckStatus.FAILED


def _refuse_delay(column: Column, command: DelayEdge) -> str:
    if (command.source, command.target) not in column.graph.edge_index:
        known = ", ".join(f"{source}->{target}" for source, target in column.graph.edge_index)
        return f"there are no calls from {command.source!r} to {command.target!r}; known edges: {known}"
    if not 0 < command.latency_milliseconds < math.inf:
        return f"a delay of {command.latency_milliseconds} ms is impossible; give more than 0"
    return _refuse_other_kind(column, command.fault_id, DelayEdge)


def _delay(column: Column, command: DelayEdge) -> None:
    column.faults[command.fault_id] = command
    _refresh_delays(column)


def _refresh_delays(column: Column) -> None:
    column.state.edge_delay_seconds[:, column.stand] = 0.0
    for fault in column.faults.values():
        if isinstance(fault, DelayEdge):
            edge = column.graph.edge_index[fault.source, fault.target]
            column.state.edge_delay_seconds[edge, column.stand] += fault.latency_milliseconds / 1000.0


def _refuse_kill(column: Column, command: KillPods) -> str:
    if refusal := service_refusal(column, command.service):
        return refusal
    if not TICK_SECONDS <= command.period_seconds < math.inf:
        return f"a kill every {command.period_seconds} s is impossible; give at least {TICK_SECONDS:g}"
    return _refuse_other_kind(column, command.fault_id, KillPods)


def _kill(column: Column, command: KillPods) -> None:
    column.faults[command.fault_id] = command
    _refresh_kills(column)


def _refresh_kills(column: Column) -> None:
    """The fastest loop of a service counts; a loop kills at once when it starts, and keeps its pace afterwards."""
    state, n = column.state, column.stand
    period = np.full(column.graph.num_services, np.inf)
    for fault in column.faults.values():
        if isinstance(fault, KillPods):
            s = column.service(fault.service)
            period[s] = min(period[s], fault.period_seconds / TICK_SECONDS)
    changed = period != state.kill_period[:, n]
    state.kill_period[:, n] = period
    state.kill_next[changed, n] = np.where(np.isinf(period[changed]), np.inf, state.tick[n])


def _check_active(column: Column, command: DelayEdge | KillPods) -> CheckStatus:
    return CheckStatus.PASSED if command.fault_id in column.faults else CheckStatus.FAILED


def _refuse_clearance(column: Column, command: ClearFault) -> str:
    return ""


def _is_cleared(column: Column, command: ClearFault) -> bool:
    return command.fault_id not in column.faults


def _clear(column: Column, command: ClearFault) -> None:
    fault = column.faults.pop(command.fault_id)
    if isinstance(fault, StressCpu):
        stress = column.state.stress[:, column.service(fault.service), column.stand]
        stress[stress > 0.0] = _strongest_stress(column, fault.service)
    _refresh_delays(column)
    _refresh_kills(column)


def _check_cleared(column: Column, command: ClearFault) -> CheckStatus:
    return CheckStatus.PASSED if _is_cleared(column, command) else CheckStatus.FAILED


SCALE_WORKLOAD = Rule[ScaleWorkload](
    refusal=_refuse_workload, is_there=_has_workload, carry_out=_scale_workload, postcheck=_check_workload
)
STRESS_CPU = Rule[StressCpu](refusal=_refuse_stress, is_there=_is_active, carry_out=_stress, postcheck=_check_stress)
DELAY_EDGE = Rule[DelayEdge](refusal=_refuse_delay, is_there=_is_active, carry_out=_delay, postcheck=_check_active)
KILL_PODS = Rule[KillPods](refusal=_refuse_kill, is_there=_is_active, carry_out=_kill, postcheck=_check_active)
CLEAR_FAULT = Rule[ClearFault](
    refusal=_refuse_clearance, is_there=_is_cleared, carry_out=_clear, postcheck=_check_cleared
)
