"""Commands become receipts: precheck, carry out, postcheck."""

from dataclasses import replace
from typing import Any

from clusters.commands import (
    CheckStatus,
    ClearFault,
    Command,
    CommandStatus,
    DelayEdge,
    KillPods,
    Receipt,
    Restart,
    Scale,
    ScaleWorkload,
    SetFlag,
    SetRateLimit,
    SetResources,
    StressCpu,
)
from clusters.simulated import operator_rules, scenario_rules
from clusters.simulated.parameters import EPOCH_NS, TICK_SECONDS
from clusters.simulated.rules import Column, Rule

RULES: dict[type[Command], Rule[Any]] = {
    Scale: operator_rules.SCALE,
    Restart: operator_rules.RESTART,
    SetResources: operator_rules.SET_CPU_LIMIT,
    SetFlag: operator_rules.SET_FLAG,
    SetRateLimit: operator_rules.SET_RATE_LIMIT,
    ScaleWorkload: scenario_rules.SCALE_WORKLOAD,
    StressCpu: scenario_rules.STRESS_CPU,
    DelayEdge: scenario_rules.DELAY_EDGE,
    KillPods: scenario_rules.KILL_PODS,
    ClearFault: scenario_rules.CLEAR_FAULT,
}


def carry_out(column: Column, command: Command) -> Receipt:
    """Check the command, change the stand if that is possible and needed, and say what became of it."""
    rule = RULES[type(command)]
    now = time_ns(column)
    refusal = rule.refusal(column, command)
    if refusal:
        return Receipt(
            command=command,
            precheck_status=CheckStatus.FAILED,
            status=CommandStatus.REJECTED,
            postcheck_status=CheckStatus.SKIPPED,
            requested_at_ns=now,
            completed_at_ns=now,
            message=refusal,
        )
    there = rule.is_there(column, command)
    if not there:
        rule.carry_out(column, command)
    return Receipt(
        command=command,
        precheck_status=CheckStatus.PASSED,
        status=CommandStatus.ALREADY_THERE if there else CommandStatus.APPLIED,
        postcheck_status=rule.postcheck(column, command),
        requested_at_ns=now,
        completed_at_ns=now,
    )


def verify(column: Column, receipt: Receipt) -> Receipt:
    """Bring a pending postcheck up to date; `completed_at_ns` becomes the time at which it was found settled."""
    if receipt.postcheck_status is not CheckStatus.PENDING:
        return receipt
    status = RULES[type(receipt.command)].postcheck(column, receipt.command)
    return replace(receipt, postcheck_status=status, completed_at_ns=time_ns(column))


def time_ns(column: Column) -> int:
    """The stand's clock."""
    return EPOCH_NS + round(int(column.state.tick[column.stand]) * TICK_SECONDS * 1e9)
