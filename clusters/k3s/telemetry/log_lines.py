"""Lines of pods' logs as they come, and told in short: some word by word, the others counted by pattern."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from clusters.streams import LogLine

BUCKET_NS = 10 * 10**9
"""Lines of a pattern are counted, and traces are drawn, per so much time: the telemetry bucket."""
_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|\b[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*\b|\d+(?:[.:]\d+)*")
"""Numbers, times, addresses and ids: what differs between lines of one pattern."""
_SEVERITY = re.compile(r"\b(ERROR|FATAL|CRITICAL|WARN(?:ING)?|INFO|DEBUG)\b", re.IGNORECASE)
_TRACE_ID = re.compile(r"\b[0-9a-f]{32}\b")
_SEVERITIES = {"WARNING": "WARN", "FATAL": "ERROR", "CRITICAL": "ERROR", "DEBUG": "INFO", "TRACE": "INFO"}
_BODY_KEYS = ("body", "message", "msg")
_SEVERITY_KEYS = ("severity", "level", "severityText")


@dataclass(frozen=True, kw_only=True)
class RawLine:
    """A line as a container wrote it."""

    time_ns: int
    service: str
    text: str


def read_line(line: str, service: str) -> RawLine:
    """A line of the API's log with its timestamp in front.

    Raises:
        ValueError: there is no timestamp.
    """
    stamp, _, text = line.partition(" ")
    return RawLine(time_ns=time_of(stamp), service=service, text=text.rstrip("\n"))


def time_of(stamp: str) -> int:
    """RFC 3339 with up to nine digits of a second, as nanoseconds."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    if not stamp.endswith("Z"):
        return round(datetime.fromisoformat(stamp).timestamp() * 1e9)
    seconds = int(datetime.fromisoformat(f"{whole}+00:00").timestamp())
    return seconds * 10**9 + int(fraction.ljust(9, "0") or 0)


def told(lines: Iterable[RawLine], lines_per_pattern: int) -> Iterator[LogLine]:
    """Of each bucket, service, severity and pattern the first lines word by word, and the number of the others."""
    groups: dict[tuple[int, str, str, str], list[LogLine]] = defaultdict(list)
    for raw in lines:
        line = _parsed(raw)
        bucket = line.time_ns // BUCKET_NS * BUCKET_NS
        groups[bucket, line.service, line.severity, _VARIABLE.sub("<*>", line.body)].append(line)
    kept: list[LogLine] = []
    for (bucket, service, severity, pattern), group in groups.items():
        kept += group[:lines_per_pattern]
        rest = len(group) - lines_per_pattern
        if rest > 0:
            kept.append(LogLine(time_ns=bucket, service=service, severity=severity, body=pattern, count=rest))
    yield from sorted(kept, key=lambda line: line.time_ns)


def _parsed(raw: RawLine) -> LogLine:
    """A JSON object as its writer meant it, else the words of the line."""
    body, severity, trace_id = raw.text, "", None
    if raw.text.startswith("{"):
        try:
            fields = json.loads(raw.text)
        except ValueError:
            fields = {}
        body = next((str(fields[key]) for key in _BODY_KEYS if fields.get(key)), body)
        severity = next((str(fields[key]) for key in _SEVERITY_KEYS if fields.get(key)), "")
        trace_id = fields.get("trace_id") or fields.get("traceId")
    if not severity and (found := _SEVERITY.search(raw.text)):
        severity = found.group(1)
    if trace_id is None and (match := _TRACE_ID.search(raw.text)):
        trace_id = match.group(0)
    known = _SEVERITIES.get(severity.upper(), severity.upper())
    return LogLine(
        time_ns=raw.time_ns,
        service=raw.service,
        severity=known if known in ("WARN", "ERROR") else "INFO",
        body=body,
        count=1,
        trace_id=trace_id,
    )
