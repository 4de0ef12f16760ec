"""Log lines by patterns: how many of each were written in a bucket, and some of them word by word.

Counts follow the telemetry: handled requests, failures, failed and slow calls, retries, memory. So a log says nothing
that metrics do not, in other words: it is where people look first.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from clusters.simulated.streams.draws import PURPOSE_LOG_COUNTS, PURPOSE_LOG_WORDS, Draws
from clusters.simulated.streams.lognormals import share_above
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.streams import LogLine
from clusters.topology import LOAD_GENERATOR, Service, ServiceKind

SLOW_CALL_MS: Final = 400.0
"""A call that takes longer is warned of."""
MEMORY_WARNING_RATIO: Final = 0.9
"""Of the memory limit; beyond it every replica warns once a bucket."""
REPORTS_PER_MINUTE: Final = 6.0
"""Lines per replica that say nothing but that it runs."""
WILDCARD: Final = "<*>"


HANDLED: Final = "handled"
FAILED: Final = "failed to handle"
"""How the lines of requests begin: each request of a service is one of either."""
_ROUTINE: Final = {
    ServiceKind.DATABASE: "checkpoint complete",
    ServiceKind.CACHE: "background saving terminated with success",
    ServiceKind.QUEUE: "rolled log segment",
    ServiceKind.FLAGS: "flag configuration is up to date",
}
"""What a replica says of itself while nothing happens."""


@dataclass(frozen=True, kw_only=True)
class PatternCount:
    """So many lines of a pattern in one bucket."""

    service: str
    severity: str
    pattern: str
    """With a wildcard where lines differ."""
    mean: float
    """Lines expected."""
    blanks: tuple[tuple[str, ...] | float, ...] = ()
    """For each wildcard what stands there: one of these words, or a number around this one."""


def logs(recorded: RecordedBuckets, lines_per_pattern: int) -> Iterator[LogLine]:
    """The lines of the buckets to tell of, in the order of time; counted lines stand at their bucket's start."""
    for position in recorded.told:
        # Two sequences, so that how many lines are written out does not change how many there are.
        counts, words = recorded.draws(position, PURPOSE_LOG_COUNTS), recorded.draws(position, PURPOSE_LOG_WORDS)
        written = []
        for counted in _patterns(recorded, position):
            total = counts.whole(counted.mean)
            num_written = min(total, lines_per_pattern)
            if total > num_written:
                yield _line(counted, recorded.start_ns(position), counted.pattern, total - num_written)
            for _ in range(num_written):
                time_ns = recorded.start_ns(position) + int(words.uniform() * recorded.bucket_ns)
                written.append(_line(counted, time_ns, _filled(counted, words), 1))
        yield from sorted(written, key=lambda line: line.time_ns)


def _line(counted: PatternCount, time_ns: int, body: str, count: int) -> LogLine:
    return LogLine(time_ns=time_ns, service=counted.service, severity=counted.severity, body=body, count=count)


def _filled(counted: PatternCount, draws: Draws) -> str:
    body = counted.pattern
    for blank in counted.blanks:
        body = body.replace(WILDCARD, _word(blank, draws), 1)
    return body


def _word(blank: tuple[str, ...] | float, draws: Draws) -> str:
    if isinstance(blank, tuple):
        return blank[int(draws.uniform() * len(blank))]
    return f"{draws.lognormal(blank, 0.1):.0f}"


def _patterns(recorded: RecordedBuckets, position: int) -> Iterator[PatternCount]:
    seconds = recorded.window.bucket_seconds
    nodes = recorded.node_readings(position)
    for service in recorded.application.services:
        if service.name != LOAD_GENERATOR:
            yield from _service_patterns(service, nodes[service.name], seconds)
    for (source, target), edge in recorded.edge_readings(position).items():
        if source != LOAD_GENERATOR:
            yield from _call_patterns(source, target, edge, seconds, is_up=nodes[target]["replicas_ready"] > 0.5)


def _service_patterns(service: Service, nodes: dict[str, float], seconds: float) -> Iterator[PatternCount]:
    requests = nodes["request_rate_rps"] * seconds
    operations = tuple(operation.name for operation in service.operations)
    latency = nodes["latency_mean_milliseconds"]
    yield PatternCount(
        service=service.name,
        severity="INFO",
        pattern=f"{HANDLED} {WILDCARD} in {WILDCARD} ms",
        mean=requests * (1.0 - nodes["error_ratio"]),
        blanks=(operations, latency),
    )
    yield PatternCount(
        service=service.name,
        severity="ERROR",
        pattern=f"{FAILED} {WILDCARD}: internal error",
        mean=requests * nodes["error_ratio"],
        blanks=(operations,),
    )
    yield PatternCount(
        service=service.name,
        severity="INFO",
        pattern=_ROUTINE.get(service.kind, "telemetry exported"),
        mean=REPORTS_PER_MINUTE * seconds / 60.0 * nodes["replicas_ready"],
    )
    per_replica = nodes["memory_bytes"] / max(nodes["replicas_ready"], 1.0)
    if per_replica > MEMORY_WARNING_RATIO * nodes["memory_limit_bytes"] > 0.0:
        yield PatternCount(
            service=service.name,
            severity="WARN",
            pattern=f"memory is running out: {WILDCARD} MiB in use",
            mean=nodes["replicas_ready"],
            blanks=(per_replica / 2**20,),
        )


def _call_patterns(
    source: str, target: str, edges: dict[str, float], seconds: float, *, is_up: bool
) -> Iterator[PatternCount]:
    calls = edges["request_rate_rps"] * seconds
    reason = "deadline exceeded or error returned" if is_up else "connection refused"
    yield PatternCount(
        service=source,
        severity="ERROR",
        pattern=f"call to {target} failed: {reason}",
        mean=calls * edges["error_ratio"],
    )
    yield PatternCount(
        service=source, severity="WARN", pattern=f"retrying call to {target}", mean=edges["retry_rate_rps"] * seconds
    )
    mean, p95 = edges["latency_mean_milliseconds"], edges["latency_p95_milliseconds"]
    yield PatternCount(
        service=source,
        severity="WARN",
        pattern=f"slow call to {target}: {WILDCARD} ms",
        mean=calls * share_above(SLOW_CALL_MS, mean, p95),
        blanks=(max(mean, SLOW_CALL_MS * 1.3),),
    )
