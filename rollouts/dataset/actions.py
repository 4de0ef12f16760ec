"""actions.parquet: a row per control step, whatever was chosen, and per fault command of the orchestrator.

Rows stand in the order of events: a step's action, then the fault commands that fell in the step. What failed or was
rejected is a row like any other.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from clusters.commands import CheckStatus, Command, CommandStatus, Receipt, SetRateLimit
from clusters.scenario import ScheduledFault
from envs.actions.action import Action
from rollouts.dataset.documents import command_from_json, dump, to_document
from rollouts.dataset.metadata import action_id, fault_action_id
from rollouts.dataset.schema import ACTIONS, ACTOR_ORCHESTRATOR, CLEAR_FAULT, INJECT_FAULT, TOTAL_REWARD
from rollouts.episode import Episode, PolicySpec, StepRecord

_BASELINES = ("do_nothing", "threshold", "hpa")

Row = Mapping[str, Any]


def actions_table(episode: Episode, catalogue: tuple[Action, ...]) -> Any:
    """The table of an episode played with `catalogue`. ValueError if a step's action is not in it."""
    return pa.Table.from_pylist(list(action_rows(episode, catalogue)), schema=ACTIONS)


def action_rows(episode: Episode, catalogue: tuple[Action, ...]) -> Iterator[Row]:
    """The rows, times as nanoseconds."""
    faults = {fault.fault_id: fault for fault in episode.scenario.faults}
    actor = _actor(episode.policy)
    for number, step in enumerate(episode.steps):
        yield {"run_id": episode.run_id, "actor": actor, "step": number} | _operator_row(
            number, step, catalogue[step.action], episode
        )
        for position, (fault_id, receipt) in enumerate(step.fault_receipts):
            yield (
                {
                    "run_id": episode.run_id,
                    "actor": ACTOR_ORCHESTRATOR,
                    "step": number,
                    "time": receipt.requested_at_ns,
                    "action_id": fault_action_id(number, position),
                    "intervention_id": fault_id,
                }
                | _fault_columns(faults[fault_id], receipt)
                | _receipt_columns(receipt)
            )


def is_clearance(fault: ScheduledFault, command: Command) -> bool:
    """Whether a fault's command lifts it."""
    return command == fault.clearance


def steps_from_rows(rows: list[dict[str, Any]], rewards: Mapping[int, Mapping[str, float]]) -> tuple[StepRecord, ...]:
    """The step records from the rows of actions.parquet and step -> reward name -> value, total first.

    Raises:
        ValueError, KeyError or TypeError: the rows do not say what they should.
    """
    fault_receipts: dict[int, list[tuple[str, Receipt]]] = {}
    for row in rows:
        if row["actor"] == ACTOR_ORCHESTRATOR:
            receipt = _receipt(row)
            if receipt is None:
                raise ValueError(f"row {row['action_id']} has no command")
            fault_receipts.setdefault(row["step"], []).append((row["intervention_id"], receipt))
    return tuple(
        _step_record(row, tuple(fault_receipts.get(row["step"], ())), dict(rewards[row["step"]]))
        for row in rows
        if row["actor"] != ACTOR_ORCHESTRATOR
    )


def _step_record(row: Row, fault_receipts: tuple[tuple[str, Receipt], ...], terms: dict[str, float]) -> StepRecord:
    reward = terms.pop(TOTAL_REWARD)
    return StepRecord(
        time_ns=row["time"],
        action=row["action_index"],
        action_name=row["action_name"],
        probability=math.nan if row["probability"] is None else row["probability"],
        candidate_set=tuple(row["candidate_set"]),
        receipt=_receipt(row),
        fault_receipts=fault_receipts,
        reward=reward,
        reward_terms=terms,
    )


def _operator_row(number: int, step: StepRecord, action: Action, episode: Episode) -> dict[str, Any]:
    if action.name != step.action_name:
        raise ValueError(
            f"step {number} took {step.action_name!r}, but action {step.action} of {episode.scenario.application} is "
            f"{action.name!r}"
        )
    command = step.receipt.command if step.receipt else None
    lapses = isinstance(command, SetRateLimit) and episode.time_scales.action_duration_seconds > 0
    return {
        "time": step.time_ns,
        "action_id": action_id(number),
        "action_type": str(action.type),
        "target_service": action.target or None,
        "duration": episode.time_scales.action_duration_seconds if lapses else None,
        "action_name": step.action_name,
        "action_index": step.action,
        "probability": None if math.isnan(step.probability) else step.probability,
        "candidate_set": step.candidate_set,
    } | _receipt_columns(step.receipt)


def _fault_columns(fault: ScheduledFault, receipt: Receipt) -> dict[str, Any]:
    is_edge = "->" in fault.target
    held = None if fault.end_seconds is None else fault.end_seconds - fault.start_seconds
    clears = is_clearance(fault, receipt.command)
    return {
        "action_type": CLEAR_FAULT if clears else INJECT_FAULT,
        "target_service": None if is_edge or fault.target == "workload" else fault.target,
        "target_edge": fault.target if is_edge else None,
        "duration": None if clears else held,
    }


def _receipt_columns(receipt: Receipt | None) -> dict[str, Any]:
    if receipt is None:
        return {
            "parameters": "{}",
            "status": str(CommandStatus.APPLIED),
            "precheck_status": str(CheckStatus.SKIPPED),
            "postcheck_status": str(CheckStatus.SKIPPED),
            "message": "",
        }
    return {
        "parameters": dump(to_document(receipt.command)).decode(),
        "status": str(receipt.status),
        "precheck_status": str(receipt.precheck_status),
        "postcheck_status": str(receipt.postcheck_status),
        "message": receipt.message,
        "requested_at": receipt.requested_at_ns,
        "completed_at": receipt.completed_at_ns,
    }


def _receipt(row: Row) -> Receipt | None:
    command = command_from_json(row["parameters"])
    if command is None:
        return None
    return Receipt(
        command=command,
        precheck_status=CheckStatus(row["precheck_status"]),
        status=CommandStatus(row["status"]),
        postcheck_status=CheckStatus(row["postcheck_status"]),
        requested_at_ns=row["requested_at"],
        completed_at_ns=row["completed_at"],
        message=row["message"],
    )


def _actor(policy: PolicySpec) -> str:
    if ":" in policy.name:
        return "model"
    return "baseline" if policy.name in _BASELINES else "scripted_policy"
