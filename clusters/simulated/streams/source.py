"""All streams of one stand over a time span: recorded buckets and pod notes -> events, logs, spans, findings."""

from collections.abc import Sequence

import numpy as np

from clusters.simulated.streams.findings import findings
from clusters.simulated.streams.k8s_events import PodNote, k8s_events
from clusters.simulated.streams.logs import logs
from clusters.simulated.streams.pod_events import PodEventReason
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.simulated.streams.traces import traces
from clusters.streams import StandStreams, StreamsSpec


def stand_streams(recorded: RecordedBuckets, notes: Sequence[PodNote], spec: StreamsSpec) -> StandStreams:
    """What the stand told in the buckets to tell of.

    Args:
        recorded: the buckets, with `findings.CONTEXT_BUCKETS` of context where there are so many.
        notes: of the same time and of `k8s_events.BACK_OFF_SECONDS` before it, in the order of time.
        spec: which streams, and how much of them.
    """
    start_ns = recorded.start_ns(recorded.num_context) if len(recorded.told) else 0
    # The seed makes the names of a stand's pods differ from those of another stand.
    namespace = f"{int(recorded.seeds[0]):x}" if len(recorded.seeds) else ""
    return StandStreams(
        k8s_events=tuple(k8s_events(notes, start_ns, namespace)) if spec.k8s_events else (),
        logs=tuple(logs(recorded, spec.lines_per_pattern)) if spec.logs else (),
        spans=tuple(sorted(traces(recorded, spec.traces_per_bucket), key=lambda span: span.time_ns))
        if spec.spans
        else (),
        coroot_findings=tuple(findings(recorded, _oom_kills(recorded, notes))) if spec.coroot_findings else (),
    )


def _oom_kills(recorded: RecordedBuckets, notes: Sequence[PodNote]) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """[T, S] containers killed for their memory in each bucket."""
    names = recorded.application.service_names
    kills = np.zeros((recorded.window.num_buckets, len(names)), dtype=np.int64)
    for note in notes:
        position = (note.time_ns - recorded.start_ns(0)) // recorded.bucket_ns
        if note.reason is PodEventReason.OOM_KILLED and 0 <= position < len(kills):
            kills[position, names.index(note.service)] += note.number
    return kills
