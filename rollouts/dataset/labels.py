"""labels.parquet: ground truth from the orchestrator alone, a row per scheduled fault and per operator's action."""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from clusters.commands import CommandStatus, Receipt, SetFlag, SetRateLimit
from clusters.scenario import ScheduledFault
from envs.actions.action import Action, ActionType
from rollouts.dataset.actions import is_clearance
from rollouts.dataset.metadata import action_id, fault_action_id
from rollouts.dataset.schema import LABELS, NOT_INJECTED
from rollouts.episode import Episode

_IN_EFFECT = (CommandStatus.APPLIED, CommandStatus.ALREADY_THERE)


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
    in_effect = [(name, receipt) for name, receipt in injections if receipt.status in _IN_EFFECT]
    name, first = next(iter(in_effect or injections), (None, None))
    ends = [
        receipt.requested_at_ns
        for _, receipt in commands
        if is_clearance(fault, receipt.command) and receipt.status in _IN_EFFECT
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


def _healed_at(fault: ScheduledFault, episode: Episode, started_ns: int | None) -> list[int]:
    """When an operator set a flag back that the fault had set. Only a configuration fault can be healed so."""
    flags: Mapping[str, str] = {c.flag: c.variant for _, c in fault.injections if isinstance(c, SetFlag)}
    if started_ns is None or not flags:
        return []
    receipts = (step.receipt for step in episode.steps)
    return [
        receipt.requested_at_ns
        for receipt in receipts
        if receipt is not None and receipt.requested_at_ns >= started_ns and _resets(receipt, flags)
    ]


def _resets(receipt: Receipt, flags: Mapping[str, str]) -> bool:
    command = receipt.command
    applied = receipt.status is CommandStatus.APPLIED
    return applied and isinstance(command, SetFlag) and flags.get(command.flag, command.variant) != command.variant


def _action_rows(episode: Episode, catalogue: tuple[Action, ...]) -> Iterator[dict[str, Any]]:
    for number, step in enumerate(episode.steps):
        action = catalogue[step.action]
        if action.type is ActionType.DO_NOTHING:
            continue
        status = CommandStatus.APPLIED if step.receipt is None else step.receipt.status
        started = step.time_ns if step.receipt is None else step.receipt.requested_at_ns
        yield {
            "action_id": action_id(number),
            "is_fault": False,
            "target": action.target or None,
            "start": started if status in _IN_EFFECT else None,
            "end": _limit_lifted_at(number, episode),
            "expected_symptoms": (),
            "status": str(status),
        }


def _limit_lifted_at(number: int, episode: Episode) -> int | None:
    """When a rate limit lapsed or was replaced; None for any other action, which changes the stand for good."""
    limits = [
        (later, step.receipt.requested_at_ns)
        for later, step in enumerate(episode.steps)
        if step.receipt is not None
        and isinstance(step.receipt.command, SetRateLimit)
        and step.receipt.status in _IN_EFFECT
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
