"""Streams in a run: written and read back alike, and every way in which they can be broken has a name."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from clusters.simulated.telemetry.scraping import Scraping
from clusters.streams import Finding, K8sEvent, LogLine, Span, StandStreams
from rollouts.dataset.files import json_lines_bytes, parquet_bytes, read_json_lines, read_table, rows_of
from rollouts.dataset.reader import read_metadata, read_run
from rollouts.dataset.schema import COROOT_FILE, K8S_EVENTS_FILE, LOGS_FILE, SPANS, SPANS_FILE
from rollouts.dataset.stream_files import time_ns
from rollouts.dataset.validation import validate
from rollouts.dataset.writer import write_run
from rollouts.episode import Episode
from tests.episodes import START_NS, assert_equal, make_episode

Row = dict[str, Any]
AT = START_NS + 40_000_000_000
ALL = ("k8s_events", "logs", "spans", "coroot_findings")


def span(span_id: str, parent: str | None, start: int, duration: int, kind: str = "CLIENT", **changed: Any) -> Span:
    """A span of the one trace, in nanoseconds after its beginning."""
    values = {
        "time_ns": AT + start,
        "trace_id": "a" * 32,
        "span_id": span_id * 16,
        "parent_span_id": None if parent is None else parent * 16,
        "service": "frontend",
        "operation": "Checkout",
        "span_kind": kind,
        "duration_ns": duration,
        "status": "UNSET",
    }
    return Span(**(values | changed))


STREAMS = StandStreams(
    k8s_events=(
        K8sEvent(
            time_ns=AT,
            kind="Pod",
            name="cart-1-2",
            service="cart",
            type="Warning",
            reason="BackOff",
            message="Back-off",
            count=2,
        ),
    ),
    logs=(
        LogLine(time_ns=AT, service="cart", severity="ERROR", body="call to <*> failed", count=7),
        LogLine(time_ns=AT + 5, service="cart", severity="ERROR", body="call to x failed", count=1, trace_id="a" * 32),
    ),
    spans=(
        span("1", None, 0, 100, service="load-generator"),
        span("2", "1", 10, 80, "SERVER"),
        span("3", "2", 20, 30, "PRODUCER"),
        span("4", "3", 500, 1_000, "CONSUMER", service="payment", status="ERROR"),
    ),
    coroot_findings=(
        Finding(
            time_ns=AT,
            affected_services=("checkout", "payment"),
            affected_edges=(("checkout", "payment"),),
            symptom_class="NetworkRTT",
            severity="warning",
            explanation="slow",
            suggested_root_cause=None,
            confidence=0.5,
        ),
    ),
)


def told_episode() -> Episode:
    """An episode with streams that have nothing to do with its telemetry, as noise allows for."""
    scraping = Scraping(noise_ratio=0.5)
    return replace(make_episode(), streams=STREAMS, streams_on=ALL, scraping=scraping)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose stand told something of every kind."""
    return write_run(told_episode(), tmp_path / "dataset")


def test_what_was_told_is_read_back_alike(run: Path) -> None:
    episode = read_run(run, with_streams=True)
    assert episode.streams == STREAMS
    assert episode.streams_on == ALL
    assert_equal(read_run(run), replace(told_episode(), streams=StandStreams()))


def test_the_metadata_says_which_streams_are_on(run: Path, tmp_path: Path) -> None:
    assert all(read_metadata(run).streams[name] for name in ALL)
    quiet = write_run(replace(make_episode(), streams_on=("logs",)), tmp_path / "quiet")
    assert {name for name in ALL if read_metadata(quiet).streams[name]} == {"logs"}
    assert read_run(quiet, with_streams=True).streams == StandStreams()


def test_a_good_run_has_no_violation(run: Path) -> None:
    assert validate(run.parent) == []


def test_what_kubernetes_and_the_tool_said_are_events_too(run: Path) -> None:
    rows = rows_of(read_table(run / "events.parquet"))
    events = [row for row in rows if row["event_type"] in ("kubernetes", "coroot")]
    assert [row["time"] for row in events] == [AT, AT]
    assert [(row["event_type"], row["object"], row["reason"]) for row in events] == [
        ("kubernetes", "cart", "BackOff"),
        ("coroot", "checkout", "NetworkRTT"),
    ]


def change_lines(name: str, number: int, **values: Any) -> Callable[[Path], None]:
    """Change a line of a JSON-lines file."""

    def change(run: Path) -> None:
        lines = [json.loads(line) for line in read_json_lines(run / name)]
        lines[number].update(values)
        (run / name).write_bytes(json_lines_bytes([json.dumps(line).encode() for line in lines]))

    return change


def change_finding(**values: Any) -> Callable[[Path], None]:
    """Change the finding."""

    def change(run: Path) -> None:
        document = json.loads((run / COROOT_FILE).read_bytes())
        document["findings"][0].update(values)
        (run / COROOT_FILE).write_text(json.dumps(document))

    return change


def change_span(number: int, **values: Any) -> Callable[[Path], None]:
    """Change a span."""

    def change(run: Path) -> None:
        rows = rows_of(read_table(run / SPANS_FILE))
        rows[number].update(values)
        (run / SPANS_FILE).write_bytes(parquet_bytes(pa.Table.from_pylist(rows, schema=SPANS)))

    return change


def repeat_line(run: Path) -> None:
    """Count a pattern twice."""
    lines = read_json_lines(run / LOGS_FILE)
    (run / LOGS_FILE).write_bytes(json_lines_bytes([lines[0], *lines]))


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        (SPANS_FILE, change_span(1, parent_span_id=None), "has 2 roots, not one"),
        (SPANS_FILE, change_span(0, parent_span_id="2" * 16), "has 0 roots, not one"),
        (SPANS_FILE, change_span(1, parent_span_id="9" * 16), "has no parent in it"),
        (SPANS_FILE, change_span(2, span_id="2" * 16), "stands several times"),
        (SPANS_FILE, change_span(1, time=AT - 1), "begins before its parent"),
        (SPANS_FILE, change_span(2, duration=71), "ends after its parent"),
        (SPANS_FILE, change_span(3, duration=-1), "negative duration"),
        (SPANS_FILE, change_span(0, time=START_NS - 1), "begins outside the run"),
        (SPANS_FILE, change_span(1, service="mailer"), "unknown service 'mailer'"),
        (SPANS_FILE, change_span(1, status="BAD"), "unknown status 'BAD'"),
        (SPANS_FILE, change_span(1, span_kind="LINK"), "unknown span_kind 'LINK'"),
        (LOGS_FILE, change_lines(LOGS_FILE, 0, count=0), "no positive whole number"),
        (LOGS_FILE, change_lines(LOGS_FILE, 0, time="2023-11-14T22:14:01Z"), "does not stand at the start of a bucket"),
        (LOGS_FILE, change_lines(LOGS_FILE, 1, severity="LOUD"), "unknown severity 'LOUD'"),
        (LOGS_FILE, change_lines(LOGS_FILE, 1, service="mailer"), "unknown service 'mailer'"),
        (LOGS_FILE, repeat_line, "is counted 2 times"),
        (K8S_EVENTS_FILE, change_lines(K8S_EVENTS_FILE, 0, time="2020-01-01T00:00:00Z"), "is not within the run"),
        (K8S_EVENTS_FILE, change_lines(K8S_EVENTS_FILE, 0, time="yesterday"), "is no time in UTC"),
        (COROOT_FILE, change_finding(affected_services=["mailer"]), "unknown service 'mailer'"),
    ],
)
def test_a_broken_stream_is_named(run: Path, file: str, change: Callable[[Path], None], reason: str) -> None:
    change(run)
    assert [v for v in validate(run.parent) if v.file == file and reason in v.reason], validate(run.parent)


def test_a_consumer_may_end_after_its_message_was_sent(run: Path) -> None:
    change_span(3, duration=10**9)(run)
    assert validate(run.parent) == []


def test_times_are_text_to_the_nanosecond() -> None:
    assert time_ns("2023-11-14T22:13:20.000000001Z") == START_NS + 1
    with pytest.raises(ValueError, match="UTC"):
        time_ns("2023-11-14T22:13:20")
