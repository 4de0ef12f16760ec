"""What is counted when an execution ends, an attempt is answered, or a user is served."""

import numpy as np

from clusters.compiled import inlined
from clusters.reference.layout import (
    ARRIVED,
    BINS_PER_OCTAVE,
    BUCKET,
    CHANNEL,
    CHANNEL_DONE,
    CHANNEL_ERRORS,
    CHANNEL_LATENCY,
    FIRST_OCTAVE,
    NUM_BINS,
    NUM_SPANS,
    OPERATION,
    OPERATION_DONE,
    OPERATION_ERRORS,
    OPERATION_LATENCY,
    OUTSTANDING,
    PARENT_SPAN,
    REQUEST,
    REQUEST_DONE,
    REQUEST_ERRORS,
    REQUEST_GOOD,
    REQUEST_LATENCY,
    SENT,
    SPAN,
    SPAN_ERROR,
    SPAN_ID,
    SPAN_OPERATION,
    SPAN_PARENT,
    SPAN_TRACE,
    TIME,
    TRACE,
    World,
)

_SHIFT = 52 - (BINS_PER_OCTAVE.bit_length() - 1)
"""Bits of a number's mantissa beyond those that tell the part of an octave."""
_FIRST_BIN = (1022 + FIRST_OCTAVE) * BINS_PER_OCTAVE
"""1023 is the exponent's bias; the first octave ends at 2^FIRST_OCTAVE."""


@inlined
def latency_bin(seconds: float) -> int:
    """Index of a latency's bin: the exponent and the first bits of the mantissa, as they stand in the number."""
    index = int(np.float64(seconds).view(np.int64) >> _SHIFT) - _FIRST_BIN
    return min(max(index, 0), NUM_BINS - 1)


@inlined
def note_execution(w: World, slot: int, s: int, has_failed: bool) -> None:
    """An execution ended at service `s`."""
    seconds = w.now[TIME] - w.times[slot, ARRIVED]
    bucket, operation = w.counters[BUCKET], w.slots[slot, OPERATION]
    meter = w.operation_meters[bucket, operation]
    meter[OPERATION_DONE] += 1.0
    meter[OPERATION_LATENCY] += seconds
    if has_failed:
        meter[OPERATION_ERRORS] += 1.0
    w.service_bins_now[s, latency_bin(seconds)] += 1
    if w.slots[slot, TRACE] > 0:
        keep_span(w, slot, has_failed)


@inlined
def keep_span(w: World, slot: int, has_failed: bool) -> None:
    """Write down a sampled execution; the loop sees to it that there is room."""
    place = w.counters[NUM_SPANS]
    w.counters[NUM_SPANS] = place + 1
    span, row = w.spans[place], w.slots[slot]
    span[SPAN_TRACE], span[SPAN_ID], span[SPAN_PARENT] = row[TRACE], row[SPAN], row[PARENT_SPAN]
    span[SPAN_OPERATION], span[SPAN_ERROR] = row[OPERATION], int(has_failed)
    w.span_times[place, 0], w.span_times[place, 1] = w.times[slot, ARRIVED], w.now[TIME]


@inlined
def note_attempt(w: World, slot: int, has_failed: bool) -> None:
    """A caller learnt what became of an attempt."""
    meter = w.channel_meters[w.counters[BUCKET], w.slots[slot, CHANNEL]]
    meter[CHANNEL_DONE] += 1.0
    meter[CHANNEL_LATENCY] += w.now[TIME] - w.times[slot, SENT]
    if has_failed:
        meter[CHANNEL_ERRORS] += 1.0


@inlined
def note_user(w: World, slot: int, has_failed: bool) -> None:
    """A user was answered, or gave up."""
    seconds = w.now[TIME] - w.times[slot, SENT]
    bucket, request = w.counters[BUCKET], w.slots[slot, REQUEST]
    meter = w.request_meters[bucket, request]
    meter[REQUEST_DONE] += 1.0
    meter[REQUEST_LATENCY] += seconds
    if has_failed:
        meter[REQUEST_ERRORS] += 1.0
    elif seconds <= w.request_limits[request]:
        meter[REQUEST_GOOD] += 1.0
    w.request_bins_now[request, latency_bin(seconds)] += 1
    w.counters[OUTSTANDING] -= 1


@inlined
def file_bins(w: World) -> None:
    """Put the histograms of the bucket away; they were kept apart, because memory that is touched anew is slow."""
    bucket = w.counters[BUCKET]
    for s in range(len(w.service_bins_now)):
        for k in range(NUM_BINS):
            w.service_bins[bucket, s, k] = w.service_bins_now[s, k]
            w.service_bins_now[s, k] = 0
    for request in range(len(w.request_bins_now)):
        for k in range(NUM_BINS):
            w.request_bins[bucket, request, k] = w.request_bins_now[request, k]
            w.request_bins_now[request, k] = 0
