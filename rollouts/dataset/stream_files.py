"""The files of what a stand told beside its metrics, both ways: spans, logs, Kubernetes events, findings."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from clusters.streams import Finding, K8sEvent, LogLine, Span, StandStreams
from ray_configs.errors import UserError
from rollouts.dataset.documents import dump
from rollouts.dataset.files import json_lines_bytes, parquet_bytes, read_bytes, read_json_lines, read_table, rows_of
from rollouts.dataset.metadata import rfc3339
from rollouts.dataset.schema import COROOT_FILE, K8S_EVENTS_FILE, LOGS_FILE, SPANS, SPANS_FILE


def encode_streams(run_id: str, streams: StandStreams) -> dict[str, Any]:
    """File -> bytes; a stream that is empty makes a file that is."""
    return {
        SPANS_FILE: parquet_bytes(_span_table(run_id, streams.spans)),
        LOGS_FILE: json_lines_bytes([dump(_log_line(run_id, line)) for line in streams.logs]),
        K8S_EVENTS_FILE: json_lines_bytes([dump(_k8s_event(run_id, event)) for event in streams.k8s_events]),
        COROOT_FILE: dump({"findings": [_finding(finding) for finding in streams.coroot_findings]}),
    }


def read_streams(path: Path) -> StandStreams:
    """What the stand of a run told, equal to what was written.

    Raises:
        UserError: a file is missing, damaged or not as the contract says; the message names it.
    """
    try:
        return StandStreams(
            k8s_events=tuple(K8sEvent(**_timed(line)) for line in read_json_lines(path / K8S_EVENTS_FILE)),
            logs=tuple(LogLine(**_timed(line)) for line in read_json_lines(path / LOGS_FILE)),
            spans=tuple(_span(row) for row in rows_of(read_table(path / SPANS_FILE))),
            coroot_findings=tuple(
                _read_finding(finding) for finding in json.loads(read_bytes(path / COROOT_FILE))["findings"]
            ),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: its streams cannot be read ({error}); delete the run and collect it again") from error


def _span_table(run_id: str, spans: Sequence[Span]) -> Any:
    columns = {
        "time": [span.time_ns for span in spans],
        "run_id": [run_id] * len(spans),
        "duration": [span.duration_ns for span in spans],
    }
    for name in ("trace_id", "span_id", "parent_span_id", "service", "operation", "span_kind", "status"):
        columns[name] = [getattr(span, name) for span in spans]
    arrays = [pa.array(columns[field.name], type=field.type) for field in SPANS]
    return pa.Table.from_arrays(arrays, schema=SPANS)


def _span(row: Mapping[str, Any]) -> Span:
    rest = {name: value for name, value in row.items() if name not in ("time", "run_id", "duration")}
    return Span(time_ns=row["time"], duration_ns=row["duration"], **rest)


def _log_line(run_id: str, line: LogLine) -> dict[str, Any]:
    return {
        "time": rfc3339(line.time_ns),
        "run_id": run_id,
        "service": line.service,
        "severity": line.severity,
        "body": line.body,
        "count": line.count,
        "trace_id": line.trace_id,
    }


def _k8s_event(run_id: str, event: K8sEvent) -> dict[str, Any]:
    return {
        "time": rfc3339(event.time_ns),
        "run_id": run_id,
        "kind": event.kind,
        "name": event.name,
        "service": event.service,
        "type": event.type,
        "reason": event.reason,
        "message": event.message,
        "count": event.count,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "time": rfc3339(finding.time_ns),
        "affected_services": finding.affected_services,
        "affected_edges": [f"{source}->{target}" for source, target in finding.affected_edges],
        "symptom_class": finding.symptom_class,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "explanation": finding.explanation,
        "suggested_root_cause": finding.suggested_root_cause,
    }


def _read_finding(document: Mapping[str, Any]) -> Finding:
    edges = [edge.split("->") for edge in document["affected_edges"]]
    return Finding(
        time_ns=time_ns(document["time"]),
        affected_services=tuple(document["affected_services"]),
        affected_edges=tuple((source, target) for source, target in edges),
        symptom_class=document["symptom_class"],
        severity=document["severity"],
        explanation=document["explanation"],
        suggested_root_cause=document["suggested_root_cause"],
        confidence=document["confidence"],
    )


def _timed(line: bytes) -> dict[str, Any]:
    document = json.loads(line)
    rest = {name: value for name, value in document.items() if name not in ("time", "run_id")}
    return {"time_ns": time_ns(document["time"])} | rest


def time_ns(text: str) -> int:
    """Nanoseconds of a time as `rfc3339` writes it. ValueError if it is none."""
    if not text.endswith("Z"):
        raise ValueError(f"{text!r} is no time in UTC")
    return int(np.datetime64(text[:-1], "ns").astype(np.int64))
