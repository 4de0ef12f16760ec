"""All streams of one stand over a time span: recorded buckets and pod notes -> events, logs, spans, findings."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import EPOCH_NS, TICK_SECONDS
from clusters.simulated.randomness import Words
from clusters.simulated.streams.findings import CONTEXT_BUCKETS, findings
from clusters.simulated.streams.k8s_events import BACK_OFF_SECONDS, PodNote, k8s_events
from clusters.simulated.streams.logs import logs
from clusters.simulated.streams.pod_events import PodEventReason, PodEvents
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.simulated.streams.traces import traces
from clusters.simulated.telemetry.history import History
from clusters.stand import StandError
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow

Ints = NDArray[np.int64]


def told_between(
    graph: CompiledGraph,
    history: History,
    events: PodEvents,
    seeds: Words,
    stand: int,
    start_ns: int,
    end_ns: int,
    spec: StreamsSpec,
) -> StandStreams:
    """What one stand of a batch told from `start_ns` to before `end_ns`.

    Args:
        graph: the application.
        history: of the batch.
        events: of the batch.
        seeds: [N] of the batch's noise. A copy of a stand with another seed words its past anew.
        stand: which.
        start_ns: start of a bucket that is still kept.
        end_ns: end of a bucket that is over.
        spec: which streams, and how much of them.

    Raises:
        StandError: the span is no whole buckets, or not within what is kept.
    """
    bucket_ns = round(history.bucket_seconds * 1e9)
    first, odd_start = divmod(start_ns - EPOCH_NS, bucket_ns)
    last, odd_end = divmod(end_ns - EPOCH_NS, bucket_ns)
    count = int(history.count[stand])
    oldest = max(count - history.num_buckets, 0)
    if odd_start or odd_end or not oldest <= first <= last <= count:
        raise StandError(
            f"stand {stand} can tell of whole buckets of {history.bucket_seconds:g} s between "
            f"{EPOCH_NS + oldest * bucket_ns} and {EPOCH_NS + count * bucket_ns} ns, not of {start_ns} to {end_ns}"
        )
    if first == last:
        return StandStreams()
    num_context = min(first - oldest, CONTEXT_BUCKETS)
    recorded = RecordedBuckets(
        application=graph.application,
        window=_true_buckets(history, stand, first - num_context, last),
        seeds=np.repeat(seeds[stand : stand + 1], last - first + num_context),
        first_bucket=first - num_context,
        num_context=num_context,
    )
    return stand_streams(recorded, _notes(graph, events, recorded, stand), spec)


def stand_streams(recorded: RecordedBuckets, notes: Sequence[PodNote], spec: StreamsSpec) -> StandStreams:
    """What the stand told in the buckets to tell of.

    Args:
        recorded: the buckets, with `findings.CONTEXT_BUCKETS` of context where there are so many.
        notes: of the same time and of `k8s_events.BACK_OFF_SECONDS` before it, in the order of time.
        spec: which streams, and how much of them.
    """
    start_ns = recorded.start_ns(recorded.num_context)
    # The seed makes the names of a stand's pods differ from those of another stand.
    namespace = f"{int(recorded.seeds[0]):x}"
    told = StandStreams()
    if spec.k8s_events:
        told = replace(told, k8s_events=tuple(k8s_events(notes, start_ns, namespace)))
    if spec.logs:
        told = replace(told, logs=tuple(logs(recorded, spec.lines_per_pattern)))
    if spec.spans:
        spans = sorted(traces(recorded, spec.traces_per_bucket), key=lambda span: span.time_ns)
        told = replace(told, spans=tuple(spans))
    if spec.coroot_findings:
        told = replace(told, coroot_findings=tuple(findings(recorded, _oom_kills(recorded, notes))))
    return told


def _true_buckets(history: History, stand: int, first: int, last: int) -> TelemetryWindow:
    """The buckets `first` to before `last` of a stand as they were, with NaN for what is missing."""
    newest = int(history.count[stand])
    window = history.window(np.array([stand]), newest - first, 1, is_true=True).of_stand(0).latest(newest - first)
    kept = last - first

    def values(array: NDArray[np.float32]) -> NDArray[np.float32]:
        part = array[:kept]
        return part if np.isnan(window.missing) else np.where(part == window.missing, np.float32(np.nan), part)

    return TelemetryWindow(
        bucket_seconds=window.bucket_seconds,
        times_ns=window.times_ns[:kept],
        nodes=values(window.nodes),
        edges=values(window.edges),
        journeys=values(window.journeys),
        stand=values(window.stand),
    )


def _notes(graph: CompiledGraph, events: PodEvents, recorded: RecordedBuckets, stand: int) -> list[PodNote]:
    bucket_ticks = round(recorded.window.bucket_seconds / TICK_SECONDS)
    first = (recorded.first_bucket + recorded.num_context) * bucket_ticks
    end = (recorded.first_bucket + recorded.window.num_buckets) * bucket_ticks
    earliest = first - max(round(BACK_OFF_SECONDS / TICK_SECONDS), CONTEXT_BUCKETS * bucket_ticks)
    desired = np.nan_to_num(recorded.nodes["replicas_desired"])
    names = [service.name for service in graph.services]
    rows = zip(*(column.tolist() for column in events.between(stand, earliest, end)), strict=True)
    return [
        PodNote(
            time_ns=EPOCH_NS + round(tick * TICK_SECONDS * 1e9),
            service=names[service],
            reason=PodEventReason(reason),
            number=number,
            # Before the recorded buckets it says nothing, and nothing is told.
            replicas=round(
                desired[
                    max(tick // bucket_ticks - recorded.first_bucket, 0),
                    recorded.application.service_names.index(names[service]),
                ]
            ),
        )
        for _, service, reason, tick, number in rows
    ]


def _oom_kills(recorded: RecordedBuckets, notes: Sequence[PodNote]) -> Ints:
    """[T, S] containers killed for their memory in each bucket."""
    names = recorded.application.service_names
    kills = np.zeros((recorded.window.num_buckets, len(names)), dtype=np.int64)
    for note in notes:
        position = (note.time_ns - recorded.start_ns(0)) // recorded.bucket_ns
        if note.reason is PodEventReason.OOM_KILLED and 0 <= position < len(kills):
            kills[position, names.index(note.service)] += note.number
    return kills
