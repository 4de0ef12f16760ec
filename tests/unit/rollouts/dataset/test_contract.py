"""Section 9 of the system description, file by file and field by field, against a run that was really written."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS
from rollouts.dataset.schema import FILES, TABLES
from rollouts.dataset.writer import write_run
from tests.episodes import make_episode

DOCUMENTED_FILES = [
    "metadata.json",
    "graph.json",
    "node_features.parquet",
    "edge_features.parquet",
    "actions.parquet",
    "events.parquet",
    "labels.parquet",
    "rewards.parquet",
    "logs.jsonl.zst",
    "spans.parquet",
    "k8s_events.jsonl.zst",
    "coroot_findings.json",
]
DOCUMENTED_METADATA = [
    "run_id",
    "seed",
    "gym_api_version",
    "chart_versions",
    "git_shas",
    "kubernetes_version",
    "collector_config_hash",
    "service_config",
    "workload_profile",
    "policy_name",
    "run_start",
    "run_end",
    "action_schedule",
    "intervention_schedule",
    "granularity_config",
]
DOCUMENTED_COLUMNS = {
    "node_features.parquet": "time run_id service request_rate_rps error_ratio latency_mean_milliseconds "
    "latency_p95_milliseconds cpu_usage_millicores memory_bytes restarts network_receive_bytes_per_second "
    "network_transmit_bytes_per_second queue_depth",
    "edge_features.parquet": "time run_id source target protocol request_rate_rps error_ratio "
    "latency_mean_milliseconds latency_p95_milliseconds status_ok_count status_error_count retry_rate_rps",
    "actions.parquet": "time run_id actor action_id action_type target_service target_edge parameters duration status "
    "precheck_status postcheck_status",
    "events.parquet": "time run_id event_type caused_by_action_id",
    "labels.parquet": "run_id action_id intervention_id is_fault fault_type target start end intensity "
    "root_cause_kind expected_symptoms",
    "rewards.parquet": "time run_id reward_name value components action_id",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(make_episode(), tmp_path_factory.mktemp("dataset"))


def test_every_documented_file_is_there_and_nothing_unknown(run: Path) -> None:
    present = {file.name for file in run.iterdir()}
    assert set(DOCUMENTED_FILES) <= present
    assert present == set(FILES)


def test_every_documented_metadata_field_is_there(run: Path) -> None:
    document = json.loads((run / "metadata.json").read_text())
    assert set(DOCUMENTED_METADATA) <= document.keys()
    streams = {file.split(".")[0] for file in FILES} - {"metadata", "graph"}
    assert {"spans", "logs", "k8s_events", "coroot_findings"} == {k for k, on in document["streams"].items() if not on}
    assert document["streams"].keys() == streams


@pytest.mark.parametrize("name", DOCUMENTED_COLUMNS)
def test_every_documented_column_is_there(run: Path, name: str) -> None:
    assert set(DOCUMENTED_COLUMNS[name].split()) <= set(pq.read_schema(run / name).names)


@pytest.mark.parametrize("name", TABLES)
def test_written_schemas_are_the_contract_with_units_and_utc_nanoseconds(run: Path, name: str) -> None:
    schema = pq.read_schema(run / name)
    assert schema.equals(TABLES[name], check_metadata=False)
    for field in schema:
        assert b"description" in field.metadata
        if field.name in ("time", "start", "end"):
            assert field.type == pa.timestamp("ns", tz="UTC")
        if pa.types.is_floating(field.type) or pa.types.is_integer(field.type):
            assert field.metadata[b"unit"], f"{field.name} has no unit"


def test_telemetry_columns_and_units_are_the_signal_catalogues() -> None:
    levels = {"node": NODE_SIGNALS, "edge": EDGE_SIGNALS, "journey": JOURNEY_SIGNALS, "stand": STAND_SIGNALS}
    for level, signals in levels.items():
        schema = TABLES[f"{level}_features.parquet"]
        for signal in signals:
            assert schema.field(signal.name).metadata[b"unit"].decode() == signal.unit


def test_only_text_has_a_dictionary(run: Path) -> None:
    group = pq.ParquetFile(run / "node_features.parquet").metadata.row_group(0)
    columns = [group.column(position) for position in range(group.num_columns)]
    assert {c.path_in_schema for c in columns if c.has_dictionary_page} == {"run_id", "service"}
    assert {column.compression for column in columns} == {"ZSTD"}


def test_graph_maps_every_service_to_kubernetes_names(run: Path) -> None:
    graph = json.loads((run / "graph.json").read_text())
    checkout = next(node for node in graph["nodes"] if node["name"] == "checkout")
    assert checkout["kubernetes"]["deployment"] == "checkout"
    entry = [edge for edge in graph["edges"] if edge["source"] == "load-generator"]
    assert entry and all(edge["protocol"] and edge["operations"] and ":" in edge["endpoint"] for edge in graph["edges"])
