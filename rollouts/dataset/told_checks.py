"""Checks of what a stand told: spans that form whole traces, log lines that count, and times within the run."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from clusters.simulated.streams.logs import FAILED, HANDLED, WILDCARD
from clusters.topology import LOAD_GENERATOR
from ray_configs.errors import UserError
from rollouts.dataset.files import column_values, read_bytes, read_json_lines, rows_of
from rollouts.dataset.metadata import SIMULATED_DEPLOYMENT
from rollouts.dataset.opened_run import Finding, OpenedRun
from rollouts.dataset.schema import COROOT_FILE, K8S_EVENTS_FILE, LOGS_FILE, SPANS_FILE
from rollouts.dataset.stream_files import time_ns

Row = Mapping[str, Any]

_SPAN_KINDS = ("SERVER", "CLIENT", "PRODUCER", "CONSUMER", "INTERNAL")
_SPAN_STATUSES = ("UNSET", "OK", "ERROR")
_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
_ROUNDED_COUNTS = 2.01
"""Lines of handled and of failed requests are each rounded to a whole number."""


def check_spans(run: OpenedRun) -> Iterator[Finding]:
    """Every trace has one root that begins within the run; parents exist, and children lie within them."""
    if SPANS_FILE not in run.tables:
        return
    rows = rows_of(run.tables[SPANS_FILE])
    services = {node.name for node in run.graph.nodes}
    for name, known in (("service", services), ("span_kind", set(_SPAN_KINDS)), ("status", set(_SPAN_STATUSES))):
        for unknown in sorted({row[name] for row in rows} - known):
            yield SPANS_FILE, f"unknown {name} {unknown!r}"
    traces: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        traces[row["trace_id"]].append(row)
    for trace_id, spans in traces.items():
        yield from ((SPANS_FILE, f"trace {trace_id}: {reason}") for reason in _trace_faults(spans, run))


def _trace_faults(spans: list[Row], run: OpenedRun) -> Iterator[str]:
    by_id = {span["span_id"]: span for span in spans}
    roots = [span for span in spans if span["parent_span_id"] is None]
    if len(by_id) != len(spans):
        yield "a span_id stands several times"
    if len(roots) != 1:
        yield f"has {len(roots)} roots, not one"
    for root in roots:
        if not _run_start(run) <= root["time"] < _run_end(run):
            yield "begins outside the run"
    for span in spans:
        if span["duration"] < 0:
            yield f"span {span['span_id']} has a negative duration"
        if span["parent_span_id"] is None:
            continue
        parent = by_id.get(span["parent_span_id"])
        if parent is None:
            yield f"span {span['span_id']} has no parent in it"
        elif span["time"] < parent["time"]:
            yield f"span {span['span_id']} begins before its parent"
        elif not _outlives(span, parent, run) and _end(span) > _end(parent):
            yield f"span {span['span_id']} ends after its parent"


def _outlives(span: Row, parent: Row, run: OpenedRun) -> bool:
    """Whether a span may end after its parent: who consumes a message does so in its own time.

    So does who serves a caller that gave up; simulated callees stop with their callers.
    """
    has_given_up = run.metadata.backend != SIMULATED_DEPLOYMENT.backend and parent["status"] == "ERROR"
    return span["span_kind"] == "CONSUMER" or has_given_up


def _end(span: Row) -> int:
    return int(span["time"]) + int(span["duration"])


def check_log_counts(run: OpenedRun) -> Iterator[Finding]:
    """A pattern is counted once a bucket, at its start; a line as it was written counts for itself."""
    bucket_ns = round(run.metadata.granularity_config.observation_bucket_seconds * 1e9)
    start_ns = _run_start(run)
    counted: Counter[tuple[Any, ...]] = Counter()
    for number, line in _documents(run, LOGS_FILE):
        if line["severity"] not in _SEVERITIES:
            yield LOGS_FILE, f"line {number}: unknown severity {line['severity']!r}"
        if not isinstance(line["count"], int) or line["count"] < 1:
            yield LOGS_FILE, f"line {number}: count {line['count']!r} is no positive whole number"
        elif WILDCARD in line["body"]:
            if (time_ns(line["time"]) - start_ns) % bucket_ns:
                yield LOGS_FILE, f"line {number}: a counted pattern does not stand at the start of a bucket"
            counted[line["time"], line["service"], line["severity"], line["body"]] += 1
    for key, times in counted.items():
        if times > 1:
            yield LOGS_FILE, f"pattern {key[-1]!r} of {key[1]} is counted {times} times in the bucket of {key[0]}"


def check_log_rates(run: OpenedRun) -> Iterator[Finding]:
    """A simulated service wrote a line for each of its requests, where its telemetry was recorded as it was."""
    metadata, file = run.metadata, "node_features.parquet"
    if metadata.backend != SIMULATED_DEPLOYMENT.backend or metadata.scraping is not None or file not in run.tables:
        return
    if not metadata.streams.get("logs", False):
        return
    bucket_ns = round(metadata.granularity_config.observation_bucket_seconds * 1e9)
    lines: Counter[tuple[int, str]] = Counter()
    for _, line in _documents(run, LOGS_FILE):
        if line["body"].startswith((HANDLED, FAILED)):
            lines[time_ns(line["time"]) // bucket_ns * bucket_ns, line["service"]] += line["count"]
    table = run.tables[file]
    rates = column_values(table, "request_rate_rps") * bucket_ns / 1e9
    for time, service, rate in zip(column_values(table, "time"), table["service"].to_pylist(), rates, strict=True):
        if service != LOAD_GENERATOR and abs(lines[int(time), service] - np.nan_to_num(rate)) > _ROUNDED_COUNTS:
            yield LOGS_FILE, f"{lines[int(time), service]} lines of {service}, which had {rate:.1f} requests at {time}"


def check_told_times(run: OpenedRun) -> Iterator[Finding]:
    """Log lines, Kubernetes events and findings are within the run, and of services that exist."""
    services = {node.name for node in run.graph.nodes}
    start_ns, end_ns = _run_start(run), _run_end(run)
    for file in (LOGS_FILE, K8S_EVENTS_FILE, COROOT_FILE):
        for number, document in _documents(run, file):
            try:
                time = time_ns(document["time"])
            except ValueError as error:
                yield file, f"entry {number}: {error}"
                continue
            if not start_ns <= time < end_ns:
                yield file, f"entry {number}: {document['time']} is not within the run"
            named = document["affected_services"] if file == COROOT_FILE else [document["service"]]
            for unknown in sorted(set(named) - services):
                yield file, f"entry {number}: unknown service {unknown!r}"


def _documents(run: OpenedRun, file: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered entries of a file; none of one that cannot be read, which other checks name."""
    try:
        if file == COROOT_FILE:
            documents = json.loads(read_bytes(run.path / file))["findings"]
        else:
            documents = [json.loads(line) for line in read_json_lines(run.path / file)]
    except (UserError, ValueError, KeyError, TypeError):
        return
    needed = {"time"} | ({"affected_services"} if file == COROOT_FILE else {"service"})
    needed |= {"severity", "count", "body"} if file == LOGS_FILE else set()
    for number, document in enumerate(documents, start=1):
        if isinstance(document, dict) and needed <= document.keys():
            yield number, document


def _run_start(run: OpenedRun) -> int:
    return time_ns(run.metadata.run_start)


def _run_end(run: OpenedRun) -> int:
    return time_ns(run.metadata.run_end)
