"""Commands become receipts: precheck, carry out, postcheck."""

from dataclasses import replace
from typing import Any

from clusters.command_checks.refusal import Refusal
from clusters.command_checks.values import value_refusal
from clusters.commands import (
    CheckStatus,
    ClearFault,
    Command,
    CommandStatus,
    DisturbPods,
    KillPods,
    Receipt,
    Restart,
    RestartPod,
    Scale,
    ScaleWorkload,
    SetAutoscaler,
    SetFlag,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
    StressCpu,
)
from clusters.simulated.parameters import EPOCH_NS, TICK_SECONDS
from clusters.simulated.rules import (
    autoscaler_rules,
    group_rules,
    overlay_rules,
    pod_fault_rules,
    release_rules,
    replica_rules,
    resource_rules,
    workload_rules,
)
from clusters.simulated.rules.rule import Column, Rule
from clusters.simulated.streams.pod_events import PodEventReason

RULES: dict[type[Command], Rule[Any]] = {
    Scale: replica_rules.SCALE,
    Restart: replica_rules.RESTART,
    RestartPod: replica_rules.RESTART_POD,
    SetResources: resource_rules.SET_RESOURCES,
    SetAutoscaler: autoscaler_rules.SET_AUTOSCALER,
    SetGroup: group_rules.SET_GROUP,
    SetFlag: release_rules.SET_FLAG,
    ShiftTraffic: release_rules.SHIFT_TRAFFIC,
    SetRateLimit: workload_rules.SET_RATE_LIMIT,
    ShapeWorkload: workload_rules.SHAPE_WORKLOAD,
    ScaleWorkload: workload_rules.SCALE_WORKLOAD,
    StressCpu: pod_fault_rules.STRESS_CPU,
    KillPods: pod_fault_rules.KILL_PODS,
    DisturbPods: pod_fault_rules.DISTURB_PODS,
    ClearFault: pod_fault_rules.CLEAR_FAULT,
    **dict.fromkeys(overlay_rules.OVERLAYS, overlay_rules.OVERLAY),
}


def carry_out(column: Column, command: Command) -> Receipt:
    """Check the command, change the stand if that is possible and needed, and say what became of it."""
    rule = RULES[type(command)]
    if refusal := value_refusal(column.graph.application, command) or rule.refusal(column, command):
        return _refused(column, command, refusal)
    now = time_ns(column)
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


def _refused(column: Column, command: Command, refusal: Refusal) -> Receipt:
    """A missing image is found only after the precheck, when the first replica is to start; all else before it."""
    is_late = refusal.status is CommandStatus.IMAGE_MISSING
    if is_late and isinstance(command, ShiftTraffic):
        column.note(PodEventReason.FAILED_PULL, column.service(command.service))
    now = time_ns(column)
    return Receipt(
        command=command,
        precheck_status=CheckStatus.PASSED if is_late else CheckStatus.FAILED,
        status=refusal.status,
        postcheck_status=CheckStatus.FAILED if is_late else CheckStatus.SKIPPED,
        requested_at_ns=now,
        completed_at_ns=now,
        message=refusal.message,
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
