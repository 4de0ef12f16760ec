"""What a stand tells beside its metrics: Kubernetes events, logs, spans, and findings of an observability tool.

Times are UTC nanoseconds on the stand's clock. None of it is ground truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields


@dataclass(frozen=True, kw_only=True)
class StreamsSpec:
    """Which streams are asked for, and how much of them. Off by default: telling them takes longer than simulating."""

    k8s_events: bool = False
    logs: bool = False
    spans: bool = False
    coroot_findings: bool = False
    traces_per_bucket: int = 2
    """Requests whose spans are kept, of all that users sent in a bucket."""
    lines_per_pattern: int = 1
    """Log lines that are kept word by word, of each pattern in a bucket; the others are only counted."""

    def __post_init__(self) -> None:
        for name in ("traces_per_bucket", "lines_per_pattern"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, but is {getattr(self, name)}")

    @property
    def names(self) -> tuple[str, ...]:
        """The streams that are on."""
        return tuple(stream.name for stream in fields(StandStreams) if getattr(self, stream.name))


@dataclass(frozen=True, kw_only=True)
class K8sEvent:
    """An event of the Kubernetes API."""

    time_ns: int
    kind: str
    """Of the object that it is about: `Pod` or `Deployment`."""
    name: str
    """Of the object."""
    service: str
    type: str
    """`Normal` or `Warning`."""
    reason: str
    message: str
    count: int
    """Times that it happened."""


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """A line as it was written, or so many lines of one pattern that were only counted: no line is in both."""

    time_ns: int
    """When it was written; of counted lines the start of their bucket."""
    service: str
    severity: str
    """`INFO`, `WARN` or `ERROR`."""
    body: str
    """The line; of counted lines their pattern, with `<*>` where lines differ."""
    count: int
    """Lines that it stands for."""
    trace_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Span:
    """One span of a trace, named as OpenTelemetry does."""

    time_ns: int
    """Its start."""
    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""
    parent_span_id: str | None
    """None: the trace's root."""
    service: str
    operation: str
    span_kind: str
    """`SERVER`, `CLIENT`, `PRODUCER` or `CONSUMER`."""
    duration_ns: int
    status: str
    """`UNSET` or `ERROR`."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What an observability tool says is wrong. It may be late, and it may be wrong."""

    time_ns: int
    """When it was told."""
    affected_services: tuple[str, ...]
    affected_edges: tuple[tuple[str, str], ...]
    """(caller, callee)."""
    symptom_class: str
    """Id of the tool's check."""
    severity: str
    """`ok` (it is over), `warning` or `critical`."""
    explanation: str
    suggested_root_cause: str | None
    confidence: float | None = None
    """0 to 1; None: the tool gives none."""


@dataclass(frozen=True, kw_only=True)
class StandStreams:
    """What one stand told over a time span, each in the order of time; a stream that was not asked for is empty."""

    k8s_events: tuple[K8sEvent, ...] = ()
    logs: tuple[LogLine, ...] = ()
    spans: tuple[Span, ...] = ()
    coroot_findings: tuple[Finding, ...] = ()


def joined(parts: Sequence[StandStreams]) -> StandStreams:
    """What one stand told over consecutive time spans."""
    return StandStreams(
        k8s_events=tuple(event for part in parts for event in part.k8s_events),
        logs=tuple(line for part in parts for line in part.logs),
        spans=tuple(span for part in parts for span in part.spans),
        coroot_findings=tuple(finding for part in parts for finding in part.coroot_findings),
    )
