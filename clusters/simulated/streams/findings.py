"""Findings as an observability tool would tell them: late, and now and then wrong.

checks of each bucket -> levels -> as the tool sees them (late, missed, imagined) -> a finding wherever that changes.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.randomness import uniforms
from clusters.simulated.streams.coroot_checks import CHECKS, Check
from clusters.simulated.streams.draws import PURPOSE_FINDINGS, first_stream
from clusters.simulated.streams.recorded import RecordedBuckets, Values
from clusters.streams import Finding

Ints = NDArray[np.int64]

CONTEXT_BUCKETS: Final = 3
"""Buckets before the first to tell of that its findings depend on."""
LATE_RATIO: Final = 0.5
"""Share of changes that are seen two buckets late; the others are one late."""
MISSED_RATIO: Final = 0.1
"""Share of a check's blocks of time in which it sees nothing of a service."""
IMAGINED_RATIO: Final = 0.002
"""Share of blocks in which it sees a problem that is not there, for as long as `_IMAGINED_BUCKETS`."""
_BLOCK_BUCKETS: Final = 12
_IMAGINED_BUCKETS: Final = 3
_BLAME: Final = 0.5
"""Share of a caller's time, or of calls that failed, from which on the callee is suspected."""
SEVERITIES: Final = ("ok", "warning", "critical")


def findings(recorded: RecordedBuckets, oom_kills: Ints) -> Iterator[Finding]:
    """The findings of the buckets to tell of, in the order of time.

    Args:
        recorded: with `CONTEXT_BUCKETS` of context, or fewer at the very start, when everything is taken to be well.
        oom_kills: [T, S] containers that were killed for their memory.
    """
    told = []
    first = PURPOSE_FINDINGS
    for number, (name, check) in enumerate(CHECKS.items()):
        measured = check.measure(recorded, oom_kills)
        levels = (measured > check.warning).astype(np.int64) + (measured > check.critical)
        seen = _seen(recorded, levels, first_stream(first) + number * 4 * 1024)
        before = np.vstack([np.zeros((1, seen.shape[1]), dtype=np.int64), seen[:-1]])
        for position, entity in zip(*np.nonzero(seen != before), strict=True):
            if position in recorded.told:
                told.append(
                    _finding(recorded, name, check, measured, int(position), int(entity), int(seen[position, entity]))
                )
    yield from sorted(told, key=lambda finding: finding.time_ns)


def _seen(recorded: RecordedBuckets, levels: Ints, stream: int) -> Ints:
    """[T, X] levels as the tool sees them."""
    num_buckets, num_entities = levels.shape
    buckets = recorded.first_bucket + np.arange(num_buckets)
    blocks = buckets // _BLOCK_BUCKETS

    def draw(kind: int, counter: Ints) -> Values:
        streams = stream + kind * 1024 + np.arange(num_entities)
        return uniforms(recorded.seeds, counter, streams).T

    newer, older = _earlier(levels, 1), _earlier(levels, 2)
    late = np.where(draw(0, buckets) < LATE_RATIO, older, newer)
    late[draw(1, blocks) < MISSED_RATIO] = 0
    imagined_from = (draw(3, blocks) * (_BLOCK_BUCKETS - _IMAGINED_BUCKETS)).astype(np.int64)
    since = (buckets % _BLOCK_BUCKETS)[:, None] - imagined_from
    is_imagined = (draw(2, blocks) < IMAGINED_RATIO) & (since >= 0) & (since < _IMAGINED_BUCKETS)
    return np.where(is_imagined, np.maximum(late, 1), late)


def _earlier(levels: Ints, buckets: int) -> Ints:
    return np.vstack([np.zeros((buckets, levels.shape[1]), dtype=np.int64), levels])[: len(levels)]


def _finding(
    recorded: RecordedBuckets, name: str, check: Check, measured: Values, position: int, entity: int, level: int
) -> Finding:
    application = recorded.application
    services: tuple[str, ...] = (application.service_names[entity],) if not check.of_edges else ()
    edges = tuple((edge.source, edge.target) for edge in application.edges[entity : entity + 1] if check.of_edges)
    services += edges[0] if edges else ()
    # What it tells of is one or two buckets old.
    value = float(np.nan_to_num(measured[max(position - 2, 0) : max(position, 1), entity]).max())
    text = check.explanation.format(value=value) if level else "back to normal"
    return Finding(
        time_ns=recorded.start_ns(position),
        affected_services=services,
        affected_edges=edges,
        symptom_class=name,
        severity=SEVERITIES[level],
        explanation=f"{' -> '.join(services)}: {text}",
        suggested_root_cause=_suspect(recorded, position, services[-1]) if level else None,
    )


def _suspect(recorded: RecordedBuckets, position: int, service: str) -> str:
    """The end of the chain of worst calls, as a tool that follows correlations would name it."""
    before = max(position - 1, 0)
    nodes, edges = recorded.node_readings(before), recorded.edge_readings(before)
    for _ in nodes:
        caller = nodes[service]
        spent = max(caller["request_rate_rps"] * caller["latency_mean_milliseconds"], 1e-9)
        blame = {
            target: edge["request_rate_rps"] * edge["latency_mean_milliseconds"] / spent + edge["error_ratio"]
            for (source, target), edge in edges.items()
            if source == service
        }
        worst = max(blame, key=blame.__getitem__, default=service)
        if blame.get(worst, 0.0) < _BLAME:
            return service
        service = worst
    return service
