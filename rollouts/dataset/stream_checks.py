"""Checks of what frames a run: metadata, run ids, and the streams that may be off."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from ray_configs.errors import UserError
from rollouts.dataset.files import read_bytes, read_json_lines
from rollouts.dataset.opened_run import Finding, OpenedRun
from rollouts.dataset.schema import (
    COROOT_FILE,
    COROOT_FINDING,
    FILES,
    JSON_LINES,
    METADATA_FILE,
    OPTIONAL_STREAMS,
    RUN_PREFIX,
)


def check_metadata(run: OpenedRun) -> Iterator[Finding]:
    """The document agrees with itself, with the directory's name and with the graph."""
    metadata = run.metadata
    if f"{RUN_PREFIX}{metadata.run_id}" != run.path.name:
        yield METADATA_FILE, f"run_id {metadata.run_id!r} is not the directory's"
    if not metadata.service_config == metadata.scenario.application == run.graph.application.name:
        yield (
            METADATA_FILE,
            f"service_config {metadata.service_config!r} is not the application of the scenario or graph",
        )
    if metadata.workload_profile != metadata.scenario.workload.profile:
        yield METADATA_FILE, f"workload_profile {metadata.workload_profile!r} is not the scenario's"
    if metadata.policy_name != metadata.policy.name:
        yield METADATA_FILE, f"policy_name {metadata.policy_name!r} is not the policy's"
    if len(metadata.action_schedule) != metadata.num_steps:
        yield (
            METADATA_FILE,
            f"action_schedule has {len(metadata.action_schedule)} entries, num_steps is {metadata.num_steps}",
        )
    planned = [entry.intervention_id for entry in metadata.intervention_schedule]
    if planned != [fault.fault_id for fault in metadata.scenario.faults]:
        yield METADATA_FILE, "intervention_schedule does not list the scenario's faults"
    absent = {
        name
        for name in ("chart_versions", "kubernetes_version", "collector_config_hash")
        if not getattr(metadata, name)
    }
    absent |= {"git_shas"} if not all(metadata.git_shas.values()) else set()
    for name in sorted(absent - metadata.absent_because.keys()):
        yield METADATA_FILE, f"{name} is absent and absent_because does not say why"


def check_run_ids(run: OpenedRun) -> Iterator[Finding]:
    """Every row belongs to this run."""
    for name, table in run.tables.items():
        for run_id in pc.unique(table["run_id"]).to_pylist():
            if run_id != run.metadata.run_id:
                yield name, f"run_id {run_id!r} is another run's"


def check_streams(run: OpenedRun) -> Iterator[Finding]:
    """Every stream is said to be on or off, and spans are empty where theirs is off."""
    for name in FILES:
        stream = OPTIONAL_STREAMS.get(name, name.split(".")[0] if name.endswith(".parquet") else "")
        if stream and stream not in run.metadata.streams:
            yield METADATA_FILE, f"streams does not say whether {stream} is on"
    if "spans.parquet" in run.tables and run.tables["spans.parquet"].num_rows and not _is_on(run, "spans.parquet"):
        yield "spans.parquet", "has rows, but metadata.json says that the stream is off"


def check_json_lines(run: OpenedRun) -> Iterator[Finding]:
    """Each line is an object with the documented keys; no line where the stream is off."""
    for name, keys in JSON_LINES.items():
        if not (run.path / name).is_file():
            continue
        try:
            lines = read_json_lines(run.path / name)
        except UserError as error:
            yield name, str(error)
            continue
        if lines and not _is_on(run, name):
            yield name, "has lines, but metadata.json says that the stream is off"
        for number, line in enumerate(lines, start=1):
            yield from ((name, f"line {number}: {reason}") for reason in _object_faults(line, keys, run))


def check_coroot(run: OpenedRun) -> Iterator[Finding]:
    """The document holds findings with the documented keys; none where the stream is off."""
    if not (run.path / COROOT_FILE).is_file():
        return
    try:
        findings = json.loads(read_bytes(run.path / COROOT_FILE))["findings"]
        encoded = [json.dumps(finding).encode() for finding in findings]
    except (ValueError, TypeError, KeyError, UserError) as error:
        yield COROOT_FILE, f"is no JSON object with a list called findings ({error})"
        return
    if encoded and not _is_on(run, COROOT_FILE):
        yield COROOT_FILE, "has findings, but metadata.json says that the stream is off"
    for number, finding in enumerate(encoded, start=1):
        yield from (
            (COROOT_FILE, f"finding {number}: {reason}") for reason in _object_faults(finding, COROOT_FINDING, run)
        )


def _is_on(run: OpenedRun, file: str) -> bool:
    return run.metadata.streams.get(OPTIONAL_STREAMS[file], False)


def _object_faults(line: bytes, keys: Mapping[str, str], run: OpenedRun) -> Iterator[str]:
    try:
        document: Any = json.loads(line)
    except ValueError as error:
        yield f"no JSON ({error})"
        return
    if not isinstance(document, dict) or document.keys() != keys.keys():
        yield f"its keys are not {', '.join(keys)}"
    elif document.get("run_id", run.metadata.run_id) != run.metadata.run_id:
        yield f"run_id {document['run_id']!r} is another run's"
