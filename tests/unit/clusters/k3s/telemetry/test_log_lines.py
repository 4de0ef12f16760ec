"""Logs told in short: nothing is lost, nothing is told twice."""

import json

import pytest

from clusters.k3s.telemetry.log_lines import BUCKET_NS, RawLine, read_line, time_of, told


def raw(text: str, time_ns: int = BUCKET_NS, service: str = "cart") -> RawLine:
    return RawLine(time_ns=time_ns, service=service, text=text)


def test_a_time_keeps_its_nanoseconds() -> None:
    assert time_of("1970-01-01T00:00:01.123456789Z") == 1_123_456_789
    assert time_of("1970-01-01T00:00:01Z") == 10**9
    assert time_of("1970-01-01T01:00:01+01:00") == 10**9
    with pytest.raises(ValueError, match="isoformat"):
        read_line("no time here", "cart")


def test_lines_of_a_pattern_are_counted_beyond_the_first() -> None:
    lines = [raw(f"took {milliseconds} ms", BUCKET_NS + milliseconds) for milliseconds in range(5)]
    first, *rest = sorted(told(lines, 1), key=lambda line: line.count)
    assert (first.body, first.count, first.time_ns) == ("took 0 ms", 1, BUCKET_NS)
    assert [(line.body, line.count, line.time_ns) for line in rest] == [("took <*> ms", 4, BUCKET_NS)]
    for kept in (0, 2, 9):
        assert sum(line.count for line in told(lines, kept)) == 5


def test_buckets_services_and_severities_are_counted_apart() -> None:
    lines = [
        raw("INFO x 1"),
        raw("INFO x 2"),
        raw("INFO x 3", 2 * BUCKET_NS),
        raw("ERROR x 4"),
        raw("INFO x 5", service="ad"),
    ]
    assert sorted(line.count for line in told(lines, 0)) == [1, 1, 1, 2]


def test_a_json_line_says_what_it_is_itself() -> None:
    trace_id = "ab" * 16
    document = {"severity": "ERROR", "body": "call to stock failed", "trace_id": trace_id}
    (line,) = told([raw(json.dumps(document))], 1)
    assert (line.severity, line.body, line.trace_id) == ("ERROR", "call to stock failed", trace_id)
    (line,) = told([raw('{"level": "warning", "msg": "slow"}')], 1)
    assert (line.severity, line.body, line.trace_id) == ("WARN", "slow", None)


@pytest.mark.parametrize(
    ("text", "severity"),
    [("2026 fatal: out", "ERROR"), ("Warning: x", "WARN"), ("listening", "INFO"), ("{broken ERROR", "ERROR")],
)
def test_a_plain_line_is_as_severe_as_its_words(text: str, severity: str) -> None:
    (line,) = told([raw(text)], 1)
    assert (line.severity, line.body) == (severity, text)
