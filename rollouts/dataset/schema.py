"""The data contract: every file of a run directory, every Arrow schema with its units, and how parquet is written.

Telemetry schemas are derived from the signal catalogue; nothing else names a column. Times are UTC nanoseconds on the
stand's clock. A telemetry value that was not measured is NaN; any other value that does not exist is null.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from clusters.commands import CommandStatus
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, Signal

CONTRACT_VERSION = "2.0"
"""Of the files and columns; a reader refuses another major number."""
GYM_API_VERSION = "1.0"
"""Of reset, observe and step: what actions, observations and rewards mean."""

TIME = pa.timestamp("ns", tz="UTC")
METADATA_FILE = "metadata.json"
GRAPH_FILE = "graph.json"
COROOT_FILE = "coroot_findings.json"
LOGS_FILE = "logs.jsonl.zst"
K8S_EVENTS_FILE = "k8s_events.jsonl.zst"
SPANS_FILE = "spans.parquet"
RUN_PREFIX = "run_"
TORN_PREFIX = ".tmp-"

ACTOR_ORCHESTRATOR = "orchestrator"
ACTORS = ("scripted_policy", "human", "model", "baseline", ACTOR_ORCHESTRATOR)
INJECT_FAULT = "inject_fault"
CLEAR_FAULT = "clear_fault"
NOT_INJECTED = "not_injected"
"""Label status of a scheduled fault whose time never came."""
EVENT_TYPES = ("workload", "action", "rollout", "pod", "kubernetes", "coroot")
TOTAL_REWARD = "total"


def _field(name: str, kind: Any, description: str, *, unit: str = "", nullable: bool = False) -> Any:
    return pa.field(name, kind, nullable=nullable, metadata={"unit": unit, "description": description})


def _time(name: str, description: str, *, nullable: bool = False) -> Any:
    return _field(name, TIME, description, unit="ns", nullable=nullable)


def _text(name: str, description: str, *, nullable: bool = False) -> Any:
    return _field(name, pa.string(), description, nullable=nullable)


def _signals(level: tuple[Signal, ...], what: str) -> list[Any]:
    return [_field(s.name, pa.float32(), f"{what}; NaN: not measured", unit=s.unit) for s in level]


def _schema(*fields: Any) -> Any:
    return pa.schema(fields, metadata={"contract_version": CONTRACT_VERSION})


_BUCKET = _time("time", "start of the bucket")
_RUN = _text("run_id", "the run this row belongs to")

NODE_FEATURES = _schema(
    _BUCKET, _RUN, _text("service", "node of graph.json"), *_signals(NODE_SIGNALS, "of the service over the bucket")
)
EDGE_FEATURES = _schema(
    _BUCKET,
    _RUN,
    _text("source", "calling service"),
    _text("target", "called service"),
    _text("protocol", "http, grpc, tcp or kafka"),
    *_signals(EDGE_SIGNALS, "of the edge over the bucket, as the caller sees it"),
    _field("status_ok_count", pa.float32(), "calls of the bucket that succeeded; NaN: not measured", unit="1"),
    _field("status_error_count", pa.float32(), "calls of the bucket that failed; NaN: not measured", unit="1"),
)
JOURNEY_FEATURES = _schema(
    _BUCKET,
    _RUN,
    _text("journey", "user journey of graph.json"),
    *_signals(JOURNEY_SIGNALS, "at the entry over the bucket"),
)
STAND_FEATURES = _schema(_BUCKET, _RUN, *_signals(STAND_SIGNALS, "of the whole stand over the bucket"))
ACTIONS = _schema(
    _time("time", "when it was logged, before it was applied"),
    _RUN,
    _text("actor", f"who acted: {', '.join(ACTORS)}"),
    _text("action_id", "unique in the run"),
    _text("action_type", f"type of the catalogue's action, or {INJECT_FAULT} or {CLEAR_FAULT}"),
    _text("target_service", "null: no one service", nullable=True),
    _text("target_edge", "source->target; null: no edge", nullable=True),
    _text("parameters", "the command sent as JSON with its verb; {}: none was sent"),
    _field("duration", pa.float64(), "how long it holds; null: until it is changed", unit="s", nullable=True),
    _text("status", f"one of {', '.join(CommandStatus)}"),
    _text("precheck_status", "passed, failed, pending or skipped"),
    _text("postcheck_status", "passed, failed, pending or skipped"),
    _text("message", "what the stand said"),
    _time("requested_at", "when the stand got the command; null: none was sent", nullable=True),
    _time("completed_at", "when the stand answered; null: none was sent", nullable=True),
    _field("step", pa.int32(), "control step it was taken or fell in", unit="1"),
    _text("action_name", "name in the catalogue; null: no operator's action", nullable=True),
    _field("action_index", pa.int32(), "index in the catalogue; null: no operator's action", unit="1", nullable=True),
    _field(
        "probability", pa.float64(), "of the action under the behaviour policy; null: unknown", unit="1", nullable=True
    ),
    _field(
        "candidate_set",
        pa.list_(pa.string()),
        "names of the actions it was chosen among; null: no operator's action",
        nullable=True,
    ),
    _text("intervention_id", "fault that was injected or cleared; null: no fault", nullable=True),
)
EVENTS = _schema(
    _time("time", "when it was observed"),
    _RUN,
    _text("event_type", f"one of {', '.join(EVENT_TYPES)}"),
    _text("object", "service or workload that it is about; null: the stand", nullable=True),
    _text("reason", "short and machine-readable"),
    _text("message", "for people"),
    _text("caused_by_action_id", "null: not linked to a known action", nullable=True),
)
LABELS = _schema(
    _RUN,
    _text("action_id", "row of actions.parquet that started it; null: it never started", nullable=True),
    _text("intervention_id", "null: an operator's action", nullable=True),
    _field("is_fault", pa.bool_(), "false: an operator's action"),
    _text("fault_type", "null: an operator's action", nullable=True),
    _text("target", "service, source->target, or workload; null: the stand as a whole", nullable=True),
    _time("start", "when it took effect; null: it never did", nullable=True),
    _time("end", "when it was lifted, healed or lapsed; null: not within the run", nullable=True),
    _text("intensity", "mild, visible or severe; null: an operator's action", nullable=True),
    _text("root_cause_kind", "null: an operator's action", nullable=True),
    _field("expected_symptoms", pa.list_(pa.string()), "what should be seen; empty: nothing is claimed"),
    _text("status", f"of the action or injection, or {NOT_INJECTED}"),
)
REWARDS = _schema(
    _time("time", "end of the control step, when the reward is known"),
    _RUN,
    _text("reward_name", f"{TOTAL_REWARD}, or a term of it"),
    _field("value", pa.float64(), "weighted: a step's terms sum to its total", unit="1"),
    _field(
        "components",
        pa.map_(pa.string(), pa.float64()),
        f"the terms by name in the row {TOTAL_REWARD}; null elsewhere",
        nullable=True,
    ),
    _text("action_id", "operator's action of the control step"),
    _field("step", pa.int32(), "control step", unit="1"),
)
SPANS = _schema(
    _time("time", "start of the span"),
    _RUN,
    _text("trace_id", "hexadecimal"),
    _text("span_id", "hexadecimal"),
    _text("parent_span_id", "null: a root span", nullable=True),
    _text("service", "node of graph.json"),
    _text("operation", "span name"),
    _text("span_kind", "SERVER, CLIENT, PRODUCER, CONSUMER or INTERNAL"),
    _field("duration", pa.int64(), "end minus start", unit="ns"),
    _text("status", "UNSET, OK or ERROR"),
)

TABLES: Mapping[str, Any] = {
    "node_features.parquet": NODE_FEATURES,
    "edge_features.parquet": EDGE_FEATURES,
    "journey_features.parquet": JOURNEY_FEATURES,
    "stand_features.parquet": STAND_FEATURES,
    "actions.parquet": ACTIONS,
    "events.parquet": EVENTS,
    "labels.parquet": LABELS,
    "rewards.parquet": REWARDS,
    SPANS_FILE: SPANS,
}
"""Parquet file of a run -> its schema."""

JSON_LINES: Mapping[str, Mapping[str, str]] = {
    LOGS_FILE: {
        "time": "RFC 3339, UTC",
        "run_id": "the run this line belongs to",
        "service": "node of graph.json",
        "severity": "TRACE, DEBUG, INFO, WARN, ERROR or FATAL",
        "body": "the log line, or the pattern where lines were counted",
        "count": "lines that the record stands for",
        "trace_id": "hexadecimal, or null",
    },
    K8S_EVENTS_FILE: {
        "time": "RFC 3339, UTC",
        "run_id": "the run this line belongs to",
        "kind": "kind of the involved object",
        "name": "name of the involved object",
        "service": "node of graph.json",
        "type": "Normal or Warning",
        "reason": "short and machine-readable",
        "message": "for people",
        "count": "times it was seen",
    },
}
"""JSON-lines file of a run -> the keys of each line and what they hold."""

COROOT_FINDING: Mapping[str, str] = {
    "time": "RFC 3339, UTC",
    "affected_services": "nodes of graph.json",
    "affected_edges": "list of source->target",
    "symptom_class": "Coroot's check",
    "severity": "or null",
    "confidence": "0 to 1, or null",
    "explanation": "for people",
    "suggested_root_cause": "or null",
}
"""Keys of each entry of `findings` in coroot_findings.json: an observability tool's output, never ground truth."""

FILES: tuple[str, ...] = (METADATA_FILE, GRAPH_FILE, COROOT_FILE, *TABLES, *JSON_LINES)
"""Every file of a run directory."""

OPTIONAL_STREAMS: Mapping[str, str] = {
    SPANS_FILE: "spans",
    LOGS_FILE: "logs",
    K8S_EVENTS_FILE: "k8s_events",
    COROOT_FILE: "coroot_findings",
}
"""File -> stream that may be off; the file is then empty, and `streams` in metadata.json says so."""


def text_columns(schema: Any) -> list[str]:
    """Columns that repeat few strings: the only ones that a dictionary pays for."""
    return [field.name for field in schema if pa.types.is_string(field.type)]


def parquet_options(schema: Any) -> dict[str, Any]:
    """How each table is written. Numeric columns have no dictionary: measured five times faster, and no larger."""
    return {
        "use_dictionary": text_columns(schema),
        "compression": "zstd",
        "compression_level": 1,
        "write_statistics": [name for name in ("time",) if name in schema.names],
        "write_page_checksum": True,
    }
