"""labels.parquet: ground truth from the orchestrator alone, a row per scheduled fault and per operator's action."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from clusters.commands import Command, CommandStatus, SetFlag, SetRateLimit, ShiftTraffic
from clusters.scenario import ScheduledFault
from envs.actions.action import Action, ActionType
from rollouts.dataset.actions import is_clearance
from rollouts.dataset.metadata import action_id, fault_action_id
from rollouts.dataset.schema import LABELS, NOT_INJECTED
from rollouts.episode import Episode


def labels_table(episode: Episode, catalogue: tuple[Action, ...]) -> Any:
    """The table of an episode played with `catalogue`: faults first, then actions. Doing nothing has no label."""
    rows = [_fault_row(fault, episode) for fault in episode.scenario.faults]
    rows += _action_rows(episode, catalogue)
    return pa.Table.from_pylist([{"run_id": episode.run_id} | row for row in rows], schema=LABELS)


def _fault_row(fault: ScheduledFault, episode: Episode) -> dict[str, Any]:
    commands = [
        (fault_action_id(number, position), receipt)
        for number, step in enumerate(episode.steps)
        for position, (fault_id, receipt) in enumerate(step.fault_receipts)
        if fault_id == fault.fault_id
    ]
    injections = [(name, receipt) for name, receipt in commands if not is_clearance(fault, receipt.command)]
    # A slow burn injects several times: it started with the first injection that took effect.
    in_effect = [(name, receipt) for name, receipt in injections if receipt.is_in_force]
    name, first = next(iter(in_effect or injections), (None, None))
    # A fault that comes and goes is lifted several times, and over once its schedule is.
    over_ns = _scheduled_end_ns(fault, episode)
    ends = [
        receipt.requested_at_ns
        for _, receipt in commands
        if is_clearance(fault, receipt.command) and receipt.is_in_force and receipt.requested_at_ns >= over_ns
    ]
    started = first.requested_at_ns if first is not None and in_effect else None
    ends += _healed_at(fault, episode, started)
    return {
        "action_id": name,
        "intervention_id": fault.fault_id,
        "is_fault": True,
        "fault_type": fault.kind,
        "target": fault.target,
        "start": started,
        "end": min(ends) if ends and in_effect else None,
        "intensity": fault.intensity,
        "root_cause_kind": fault.root_cause_kind,
        "expected_symptoms": fault.expected_symptoms,
        "status": NOT_INJECTED if first is None else str(first.status),
    }


def _scheduled_end_ns(fault: ScheduledFault, episode: Episode) -> int:
    """When the schedule says that the fault is over, on the stand's clock; the first moment where it says nothing."""
    zero_ns = int(episode.telemetry.times_ns[0]) + round(episode.scenario.warmup_seconds * 1e9)
    return 0 if fault.end_seconds is None else zero_ns + round(fault.end_seconds * 1e9)


def _healed_at(fault: ScheduledFault, episode: Episode, started_ns: int | None) -> list[int]:
    """When an operator undid the fault: only a configuration or a roll-out can be undone."""
    if started_ns is None:
        return []
    receipts = (step.receipt for step in episode.steps)
    return [
        receipt.requested_at_ns
        for receipt in receipts
        if receipt is not None
        and receipt.requested_at_ns >= started_ns
        and receipt.status is CommandStatus.APPLIED
        and any(_undoes(receipt.command, injected) for _, injected in fault.injections)
    ]


def _undoes(command: Command, injected: Command) -> bool:
    """Whether a command sets a flag's other variant, or takes a release back that was sent out."""
    match command, injected:
        case SetFlag(flag=flag, variant=variant), SetFlag(flag=same, variant=bad):
            return flag == same and variant != bad
        case ShiftTraffic(release=release, share=0), ShiftTraffic(release=same, share=share):
            return release == same and share > 0
        case _:
            return False


def _action_rows(episode: Episode, catalogue: tuple[Action, ...]) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(episode.steps):
        action = catalogue[step.action]
        if action.type is ActionType.DO_NOTHING:
            continue
        status = CommandStatus.APPLIED if step.receipt is None else step.receipt.status
        started = step.time_ns if step.receipt is None else step.receipt.requested_at_ns
        is_in_force = step.receipt is None or step.receipt.is_in_force
        yield {
            "action_id": action_id(number),
            "is_fault": False,
            "target": action.target or None,
            "start": started if is_in_force else None,
            "end": _limit_lifted_at(number, episode),
            "expected_symptoms": (),
            "status": str(status),
        }


def _limit_lifted_at(number: int, episode: Episode) -> int | None:
    """When a rate limit lapsed or was replaced; None for any other action, which changes the stand for good."""
    limits = [
        (later, step.receipt.requested_at_ns)
        for later, step in enumerate(episode.steps)
        if step.receipt is not None and isinstance(step.receipt.command, SetRateLimit) and step.receipt.is_in_force
    ]
    started = dict(limits).get(number)
    if started is None:
        return None
    ends = [time_ns for later, time_ns in limits if later > number]
    lasts_seconds = episode.time_scales.action_duration_seconds
    lapse_ns = started + round(lasts_seconds * 1e9)
    run_end_ns = int(episode.telemetry.times_ns[-1]) + round(episode.telemetry.bucket_seconds * 1e9)
    if lasts_seconds > 0 and lapse_ns <= run_end_ns:
        ends.append(lapse_ns)
    return min(ends, default=None)
