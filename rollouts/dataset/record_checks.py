"""Checks of what was done and how good it was: actions, rewards, labels and events, each against the others."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from clusters.commands import CheckStatus, CommandStatus
from envs.actions.action import ActionType
from rollouts.dataset.documents import command_from_json
from rollouts.dataset.files import rows_of
from rollouts.dataset.metadata import action_id
from rollouts.dataset.opened_run import Finding, OpenedRun
from rollouts.dataset.schema import ACTOR_ORCHESTRATOR, ACTORS, EVENT_TYPES, TOTAL_REWARD

_ACTIONS, _REWARDS, _LABELS, _EVENTS = "actions.parquet", "rewards.parquet", "labels.parquet", "events.parquet"
_SUM_TOLERANCE = 1e-9
_STATUSES = {
    "status": tuple(CommandStatus),
    "precheck_status": tuple(CheckStatus),
    "postcheck_status": tuple(CheckStatus),
    "actor": ACTORS,
}


def check_actions(run: OpenedRun) -> Iterator[Finding]:
    """A row per control step and per fault command, in the order of time, each complete."""
    for rows in _rows(run, _ACTIONS):
        operator = [row for row in rows if row["actor"] != ACTOR_ORCHESTRATOR]
        if [row["step"] for row in operator] != list(range(run.metadata.num_steps)):
            yield _ACTIONS, f"{len(operator)} operator rows are not one for each of {run.metadata.num_steps} steps"
        if _goes_backwards([row["time"] for row in rows]):
            yield _ACTIONS, "times go backwards"
        for name, count in Counter(row["action_id"] for row in rows).items():
            if count > 1:
                yield _ACTIONS, f"action_id {name} stands {count} times"
        for row in rows:
            yield from ((_ACTIONS, f"{row['action_id']}: {reason}") for reason in _row_faults(row, run))


def check_rewards(run: OpenedRun) -> Iterator[Finding]:
    """Each step has one total with its components, and its terms sum to it."""
    for rows in _rows(run, _REWARDS):
        steps: dict[int, list[Mapping[str, Any]]] = {}
        for row in rows:
            steps.setdefault(row["step"], []).append(row)
        if list(steps) != list(range(run.metadata.num_steps)):
            yield _REWARDS, f"rows of {len(steps)} steps in this order do not cover the {run.metadata.num_steps} steps"
        if _goes_backwards([row["time"] for row in rows]):
            yield _REWARDS, "times go backwards"
        for step, group in steps.items():
            yield from ((_REWARDS, f"step {step}: {reason}") for reason in _reward_faults(step, group))


def check_labels(run: OpenedRun) -> Iterator[Finding]:
    """Every scheduled fault and every operator's action has one label, and no label stands without either."""
    for rows, actions in _rows(run, _LABELS, _ACTIONS, join=True):
        expected = Counter(fault.fault_id for fault in run.metadata.scenario.faults)
        expected.update(
            row["action_id"]
            for row in actions
            if row["actor"] != ACTOR_ORCHESTRATOR and row["action_type"] != ActionType.DO_NOTHING
        )
        found = Counter(row["intervention_id"] if row["is_fault"] else row["action_id"] for row in rows)
        for name in expected.keys() | found.keys():
            if expected[name] != found[name]:
                yield _LABELS, f"{found[name]} label(s) of {name}, not {expected[name]}"
        known = {row["action_id"] for row in actions}
        for row in rows:
            if row["action_id"] is not None and row["action_id"] not in known:
                yield _LABELS, f"action_id {row['action_id']} is not in {_ACTIONS}"
            if row["end"] is not None and (row["start"] is None or row["end"] < row["start"]):
                yield _LABELS, f"{row['intervention_id'] or row['action_id']} ends before it starts"


def check_events(run: OpenedRun) -> Iterator[Finding]:
    """Events are in the order of time, of a known type, and point at actions that exist."""
    for rows, actions in _rows(run, _EVENTS, _ACTIONS, join=True):
        if _goes_backwards([row["time"] for row in rows]):
            yield _EVENTS, "times go backwards"
        for kind in {row["event_type"] for row in rows} - set(EVENT_TYPES):
            yield _EVENTS, f"unknown event_type {kind!r}"
        known = {row["action_id"] for row in actions} | {None}
        for name in {row["caused_by_action_id"] for row in rows} - known:
            yield _EVENTS, f"caused_by_action_id {name} is not in {_ACTIONS}"


def _rows(run: OpenedRun, *files: str, join: bool = False) -> Iterator[Any]:
    """Once, the rows of the files (of one file, its rows alone), if all of them opened; else nothing."""
    if all(name in run.tables for name in files):
        tables = [rows_of(run.tables[name]) for name in files]
        yield tuple(tables) if join else tables[0]


def _goes_backwards(times: list[int]) -> bool:
    return any(later < earlier for earlier, later in pairwise(times))


def _row_faults(row: Mapping[str, Any], run: OpenedRun) -> Iterator[str]:
    for name, known in _STATUSES.items():
        if row[name] not in known:
            yield f"unknown {name} {row[name]!r}"
    try:
        has_command = command_from_json(row["parameters"]) is not None
    except (ValueError, TypeError):
        yield f"parameters are no command: {row['parameters']}"
        return
    if has_command != (row["requested_at"] is not None) or has_command != (row["completed_at"] is not None):
        yield "requested_at and completed_at must be there exactly where a command was sent"
    elif has_command and not row["time"] <= row["requested_at"] <= row["completed_at"]:
        yield "logged, requested and completed are not in this order of time"
    if row["actor"] == ACTOR_ORCHESTRATOR:
        if row["intervention_id"] not in {fault.fault_id for fault in run.metadata.scenario.faults}:
            yield f"intervention_id {row['intervention_id']!r} is no fault of the scenario"
        return
    probability, catalogue = row["probability"], run.metadata.action_catalogue
    if probability is not None and not 0 < probability <= 1:
        yield f"probability {probability} is not in (0, 1]"
    index = row["action_index"]
    if index is None or not 0 <= index < len(catalogue) or catalogue[index].name != row["action_name"]:
        yield f"action_name {row['action_name']!r} is not action {index} of the catalogue in metadata.json"
    if row["action_name"] not in (row["candidate_set"] or ()):
        yield f"action_name {row['action_name']!r} is not in its candidate_set"


def _reward_faults(step: int, rows: list[Mapping[str, Any]]) -> Iterator[str]:
    totals = [row for row in rows if row["reward_name"] == TOTAL_REWARD]
    terms = {row["reward_name"]: row["value"] for row in rows if row["reward_name"] != TOTAL_REWARD}
    if len(totals) != 1 or len(terms) != len(rows) - 1:
        yield f"{len(totals)} rows {TOTAL_REWARD!r} and {len(terms)} names in {len(rows)} rows: one of each is meant"
        return
    total = totals[0]
    if not all(math.isfinite(row["value"]) for row in rows):
        yield "a value is not finite"
    elif abs(math.fsum(terms.values()) - total["value"]) > _SUM_TOLERANCE * (1 + abs(total["value"])):
        yield f"terms sum to {math.fsum(terms.values()):g}, the total is {total['value']:g}"
    if dict(total["components"] or ()) != terms:
        yield "the total's components are not the terms"
    if any(row["action_id"] != action_id(step) for row in rows):
        yield f"action_id is not {action_id(step)}"
