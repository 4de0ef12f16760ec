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
)
from clusters.k3s.api import KubeError
from clusters.k3s.commands import (
    autoscaler_rules,
    flag_rules,
    group_rules,
    release_rules,
    replica_rules,
    resource_rules,
    workload_rules,
)
from clusters.k3s.context import StandContext
from clusters.k3s.faults.rules import CLEAR_FAULT, FAULT, FAULTS
from clusters.k3s.rules.rule import LiveRule, NotDoneError, Outcome
from clusters.k3s.rules.view import StandView
from clusters.stand import StandError

RULES: dict[type[Command], LiveRule[Any]] = {
    Scale: replica_rules.SCALE,
    Restart: replica_rules.RESTART,
    RestartPod: replica_rules.RESTART_POD,
    SetResources: resource_rules.SET_RESOURCES,
    SetAutoscaler: autoscaler_rules.SET_AUTOSCALER,
    SetGroup: group_rules.SET_GROUP,
    SetFlag: flag_rules.SET_FLAG,
    ShiftTraffic: release_rules.SHIFT_TRAFFIC,
    SetRateLimit: workload_rules.SET_RATE_LIMIT,
    ShapeWorkload: workload_rules.SHAPE_WORKLOAD,
    ScaleWorkload: workload_rules.SCALE_WORKLOAD,
    ClearFault: CLEAR_FAULT,
    **dict.fromkeys(FAULTS, FAULT),
}


def apply_command(context: StandContext, command: Command) -> Receipt:
    """Check the command, change the stand if that is possible and needed, and say what became of it."""
    requested_at_ns = context.now_ns()
    view, rule = StandView(context), RULES[type(command)]
    try:
        refusal = value_refusal(context.application, command) or rule.refusal(view, command)
    except StandError as error:
        refusal = Refusal(status=_status_of(error), message=str(error))
    if refusal:
        return _receipt(context, command, requested_at_ns, refusal.status, message=refusal.message)
    status, message = CommandStatus.APPLIED, ""
    try:
        if rule.is_there(view, command):
            status = CommandStatus.ALREADY_THERE
        else:
            message = rule.carry_out(view, command)
            view.forget()
        outcome = rule.postcheck(view, command)
    except StandError as error:
        outcome = Outcome(check=CheckStatus.FAILED, status=_status_of(error), message=str(error))
    receipt = _receipt(context, command, requested_at_ns, status, check=CheckStatus.PASSED, message=message)
    return _with_outcome(context, receipt, outcome)


def verify_command(context: StandContext, receipt: Receipt) -> Receipt:
    """Bring a postcheck up to date; `completed_at_ns` becomes the time at which it was found settled.

    What is known only later, a missing image or a rollout that timed out, becomes the receipt's status.
    """
    rule = RULES[type(receipt.command)]
    is_open = receipt.postcheck_status is CheckStatus.PENDING
    if not is_open and not (rule.lasts and receipt.postcheck_status is CheckStatus.PASSED):
        return receipt
    try:
        outcome = rule.postcheck(StandView(context), receipt.command)
    except StandError as error:
        outcome = Outcome(check=CheckStatus.FAILED, status=_status_of(error), message=str(error))
    return _with_outcome(context, receipt, outcome)


def _with_outcome(context: StandContext, receipt: Receipt, outcome: Outcome) -> Receipt:
    return replace(
        receipt,
        status=outcome.status or receipt.status,
        postcheck_status=outcome.check,
        completed_at_ns=context.now_ns(),
        message="; ".join(dict.fromkeys(part for part in (receipt.message, outcome.message) if part)),
    )


def _receipt(
    context: StandContext,
    command: Command,
    requested_at_ns: int,
    status: CommandStatus,
    *,
    check: CheckStatus = CheckStatus.FAILED,
    message: str,
) -> Receipt:
    return Receipt(
        command=command,
        precheck_status=check,
        status=status,
        postcheck_status=CheckStatus.SKIPPED,
        requested_at_ns=requested_at_ns,
        completed_at_ns=context.now_ns(),
        message=message,
    )


def _status_of(error: StandError) -> CommandStatus:
    """What an error of the cluster means for the command that met it."""
    if isinstance(error, NotDoneError):
        return error.status
    if not isinstance(error, KubeError):
        return CommandStatus.FAILED
    if error.status == 403:
        return CommandStatus.QUOTA_EXCEEDED if "exceeded quota" in str(error) else CommandStatus.FORBIDDEN
    return CommandStatus.CONFLICT if error.status == 409 else CommandStatus.FAILED
