"""Each kind of violation, made in a good run and found as itself."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rollouts.dataset.arguments import ValidateArguments
from rollouts.dataset.files import json_lines_bytes
from rollouts.dataset.schema import TABLES
from rollouts.dataset.validation import validate, validate_command
from rollouts.dataset.writer import write_run
from tests.episodes import make_episode

Row = dict[str, Any]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(make_episode(), tmp_path)


def edit(run: Path, file: str, change: Callable[[list[Row]], Any]) -> None:
    """Rewrite a table with its rows changed in place; the schema stays."""
    table = pq.read_table(run / file)
    names = table.schema.names
    columns = [c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in table.columns]
    rows = [dict(zip(names, row, strict=True)) for row in zip(*(c.to_pylist() for c in columns), strict=True)]
    change(rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=TABLES[file]), run / file)


def set_(number: int, **values: Any) -> Callable[[list[Row]], None]:
    return lambda rows: rows[number].update(values)


def drop(number: int) -> Callable[[list[Row]], None]:
    return lambda rows: rows.pop(number)


def drop_bucket(rows: list[Row]) -> None:
    gone = rows[len(rows) // 2]["time"]
    rows[:] = [row for row in rows if row["time"] != gone]


def rewind(rows: list[Row]) -> None:
    rows[-1]["time"] = rows[0]["time"] - 1


def test_a_good_run_has_no_violation(run: Path) -> None:
    assert validate(run.parent) == []


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("node_features.parquet", drop_bucket, "buckets are not 10 s apart"),
        ("node_features.parquet", rewind, "times go backwards"),
        ("stand_features.parquet", drop(-1), "47 buckets, but the warm-up and 6 steps make 48"),
        ("node_features.parquet", lambda rows: rows.__delitem__(slice(0, 13)), "47 buckets"),
        ("edge_features.parquet", drop(3), "no multiple of the 15 entities"),
        ("edge_features.parquet", set_(2, target="mailer"), "column 'target' does not name"),
        ("journey_features.parquet", set_(1, error_ratio=1.5), "'error_ratio' has a ratio above 1"),
        ("node_features.parquet", set_(1, memory_bytes=-1.0), "'memory_bytes' has a negative or infinite"),
        ("node_features.parquet", set_(5, run_id="other"), "run_id 'other' is another run's"),
        ("actions.parquet", drop(0), "operator rows are not one for each of 6 steps"),
        ("actions.parquet", rewind, "times go backwards"),
        ("actions.parquet", set_(0, probability=0.0), "probability 0.0 is not in (0, 1]"),
        ("actions.parquet", set_(0, probability=1.5), "probability 1.5 is not in (0, 1]"),
        ("actions.parquet", set_(0, status="done"), "unknown status 'done'"),
        ("actions.parquet", set_(0, actor="ghost"), "unknown actor 'ghost'"),
        ("actions.parquet", set_(0, action_index=3), "is not action 3 of the catalogue"),
        ("actions.parquet", set_(0, candidate_set=["restart:cart"]), "is not in its candidate_set"),
        ("actions.parquet", set_(1, parameters='{"verb": "Explode"}'), "parameters are no command"),
        ("actions.parquet", set_(1, requested_at=None), "exactly where a command was sent"),
        ("actions.parquet", set_(1, completed_at=1), "not in this order of time"),
        ("actions.parquet", set_(1, action_id="action-00000"), "action_id action-00000 stands 2 times"),
        ("actions.parquet", set_(2, intervention_id="cpu-9"), "'cpu-9' is no fault of the scenario"),
        ("rewards.parquet", set_(4, value=-0.5), "terms sum to"),
        ("rewards.parquet", set_(3, value=-0.5), "terms sum to -0.1, the total is -0.5"),
        ("rewards.parquet", set_(3, components=[("slo_violation", -0.1)]), "components are not the terms"),
        ("rewards.parquet", set_(4, value=float("nan")), "a value is not finite"),
        ("rewards.parquet", drop(3), "step 1: 0 rows 'total'"),
        ("rewards.parquet", lambda rows: rows.__delitem__(slice(0, 3)), "do not cover the 6 steps"),
        ("rewards.parquet", set_(0, action_id="action-00004"), "action_id is not action-00000"),
        ("labels.parquet", drop(0), "0 label(s) of flag-1, not 1"),
        ("labels.parquet", drop(-1), "0 label(s) of action-00005, not 1"),
        ("labels.parquet", set_(0, intervention_id="x"), "1 label(s) of x, not 0"),
        ("labels.parquet", set_(0, action_id="fault-99"), "fault-99 is not in actions.parquet"),
        ("labels.parquet", set_(1, end=1), "cpu-1 ends before it starts"),
        ("events.parquet", rewind, "times go backwards"),
        ("events.parquet", set_(0, event_type="rumour"), "unknown event_type 'rumour'"),
        ("events.parquet", set_(0, caused_by_action_id="x"), "caused_by_action_id x is not in actions.parquet"),
    ],
)
def test_a_bad_row_is_named(run: Path, file: str, change: Callable[[list[Row]], Any], reason: str) -> None:
    edit(run, file, change)
    violations = [v for v in validate(run.parent) if v.file == file and reason in v.reason]
    assert violations and violations[0].run == "run_a1", [str(v) for v in validate(run.parent)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda table: table.drop_columns(["restarts"]), "column 'restarts'"),
        (lambda table: table.append_column("mood", table["restarts"]), "unknown column(s) mood"),
        (lambda table: table.select(table.schema.names[::-1]), "another order"),
        (
            lambda table: table.set_column(3, "request_rate_rps", table["request_rate_rps"].cast(pa.float64())),
            "'request_rate_rps' is double, the contract says float not null",
        ),
        (
            lambda table: table.cast(
                table.schema.set(3, table.schema.field(3).with_metadata({"unit": "1/min", "description": ""}))
            ),
            "has the unit '1/min', the contract says '1/s'",
        ),
        (lambda table: table.replace_schema_metadata({}), "contract_version is not the contract's"),
    ],
)
def test_a_schema_that_differs_is_named(run: Path, change: Callable[[Any], Any], reason: str) -> None:
    path = run / "node_features.parquet"
    pq.write_table(change(pq.read_table(path)), path)
    (violation,) = validate(run.parent)
    assert violation.file == path.name and reason in violation.reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"run_id": "b2"}, "run_id 'b2' is not the directory's"),
        ({"service_config": "medium-store"}, "is not the application"),
        ({"workload_profile": "steady"}, "is not the scenario's"),
        ({"policy_name": "hpa"}, "is not the policy's"),
        ({"action_schedule": []}, "action_schedule has 0 entries"),
        ({"intervention_schedule": []}, "does not list the scenario's faults"),
        ({"absent_because": {}}, "kubernetes_version is absent and absent_because does not say why"),
        ({"streams": {"logs": False}}, "streams does not say whether spans is on"),
        ({"seed": "many"}, "seed"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_metadata_that_disagrees_is_named(run: Path, changes: Row, reason: str) -> None:
    path = run / "metadata.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    assert any(v.file == path.name and reason in v.reason for v in validate(run.parent))


@pytest.mark.parametrize(
    ("file", "data", "is_on", "reason"),
    [
        ("logs.jsonl.zst", json_lines_bytes([b"{}"]), False, "says that the stream is off"),
        ("logs.jsonl.zst", json_lines_bytes([b"{}"]), True, "line 1: its keys are not time"),
        ("k8s_events.jsonl.zst", json_lines_bytes([b"{"]), True, "line 1: no JSON"),
        ("k8s_events.jsonl.zst", b"not zstd", True, "damaged"),
        ("coroot_findings.json", b"[]", True, "no JSON object with a list called findings"),
        ("coroot_findings.json", b'{"findings": [{"time": "now"}]}', True, "finding 1: its keys are not"),
        ("coroot_findings.json", b'{"findings": [{"time": "now"}]}', False, "says that the stream is off"),
    ],
)
def test_a_bad_stream_is_named(run: Path, file: str, data: Any, is_on: bool, reason: str) -> None:
    (run / file).write_bytes(data)
    metadata = json.loads((run / "metadata.json").read_text())
    metadata["streams"][file.split(".")[0]] = is_on
    (run / "metadata.json").write_text(json.dumps(metadata))
    assert any(v.file == file and reason in v.reason for v in validate(run.parent))


def test_an_unknown_file_is_named(run: Path) -> None:
    (run / "notes.txt").write_text("hello")
    (violation,) = validate(run.parent)
    assert str(violation) == "run_a1/notes.txt: not a file of the contract; remove it"


def test_the_command_prints_each_violation_and_ends_with_1(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert validate_command(ValidateArguments(dataset=run.parent)) == 0
    (run / "notes.txt").write_text("hello")
    (run / "spans.parquet").unlink()
    assert validate_command(ValidateArguments(dataset=run.parent)) == 1
    output = capsys.readouterr().out
    assert "run_a1/notes.txt: not a file" in output and "run_a1/spans.parquet: missing" in output
    assert "2 violation(s)" in output
