"""Faults as rules of commands: the ledger decides what is there, the kinds of faults do the rest."""

from typing import Any

from clusters.command_checks.places import taken_id_refusal
from clusters.command_checks.refusal import Refusal
from clusters.commands import (
    BreakPort,
    CheckStatus,
    ClearFault,
    DelayEdge,
    DisturbPods,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.k3s.faults.direct_faults import BREAK_PORT, FAIL_SERVICE
from clusters.k3s.faults.fault import Fault
from clusters.k3s.faults.ledger import ActiveFault
from clusters.k3s.faults.network_faults import NETWORK
from clusters.k3s.faults.pod_faults import DISTURB_PODS, KILL_PODS
from clusters.k3s.faults.stress_faults import LEAK_MEMORY, STRESS_CPU, STRESS_MEMORY
from clusters.k3s.rules.rule import LiveRule, Outcome, accept, settled
from clusters.k3s.rules.view import StandView
from clusters.stand import StandError

FAULTS: dict[type[Any], Fault] = {
    StressCpu: STRESS_CPU,
    StressMemory: STRESS_MEMORY,
    LeakMemory: LEAK_MEMORY,
    DelayEdge: NETWORK,
    LosePackets: NETWORK,
    SlowService: NETWORK,
    KillPods: KILL_PODS,
    DisturbPods: DISTURB_PODS,
    FailService: FAIL_SERVICE,
    BreakPort: BREAK_PORT,
}


def _refuse(view: StandView, command: Any) -> Refusal | None:
    active = view.context.ledger.active.get(command.fault_id)
    refusal = taken_id_refusal(active.command if active else None, command)
    return refusal or FAULTS[type(command)].refusal(view, command)


def _is_active(view: StandView, command: Any) -> bool:
    active = view.context.ledger.active.get(command.fault_id)
    return active is not None and bool(active.command == command)


def _inject(view: StandView, command: Any) -> str:
    """An id that is given again replaces its own fault; if that fails, nothing of either is left."""
    ledger = view.context.ledger.active
    fault = ledger.pop(command.fault_id, None) or ActiveFault(command=command, since_ns=view.context.now_ns())
    fault.command = command
    try:
        message = FAULTS[type(command)].inject(view, fault)
    except StandError:
        FAULTS[type(command)].lift(view, fault)
        raise
    ledger[command.fault_id] = fault
    return message


def _check(view: StandView, command: Any) -> Outcome:
    active = view.context.ledger.active.get(command.fault_id)
    if active is None or active.command != command:
        return Outcome(check=CheckStatus.FAILED, message="it was cleared or replaced since")
    return FAULTS[type(command)].check(view, active)


def _is_cleared(view: StandView, command: ClearFault) -> bool:
    return command.fault_id not in view.context.ledger.active


def _clear(view: StandView, command: ClearFault) -> str:
    ledger = view.context.ledger.active
    fault = ledger[command.fault_id]
    message = FAULTS[type(fault.command)].lift(view, fault)
    del ledger[command.fault_id]
    return message.removeprefix("; ")


FAULT = LiveRule[Any](refusal=_refuse, is_there=_is_active, carry_out=_inject, postcheck=_check, lasts=True)
"""The rule of every kind in `FAULTS`."""
CLEAR_FAULT = LiveRule[ClearFault](
    refusal=accept, is_there=_is_cleared, carry_out=_clear, postcheck=settled(_is_cleared)
)
