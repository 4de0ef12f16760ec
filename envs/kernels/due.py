"""What is due on which stand, and the clocks that say so.

Legend: N stands, E fault events of a stand at most, B buckets, D events that are due.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.fault_rows import Rows, Verb

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
VOID = int(Verb.NONE)
"""The verb of an event that does not happen."""


@compiled
def until_end(moving: Bools, elapsed_seconds: Floats, limit_ends_seconds: Floats) -> float:
    """Least time to the end of a rate limit on any stand [N] that moves; infinite: never."""
    until = np.inf
    for n in range(moving.shape[0]):
        if moving[n]:
            until = min(until, limit_ends_seconds[n] - elapsed_seconds[n])
    return until


@compiled
def let_pass(
    seconds: float, nanoseconds: int, moving: Bools, elapsed_seconds: Floats, now_ns: Ints, step_index: Ints
) -> None:
    """Move the clocks [N] of the stands that move on by a step, and count it."""
    for n in range(moving.shape[0]):
        if moving[n]:
            elapsed_seconds[n] += seconds
            now_ns[n] += nanoseconds
            step_index[n] += 1


@compiled
def take_due(
    moving: Bools,
    elapsed_seconds: Floats,
    bucket_seconds: float,
    events: Rows,
    num_events: Ints,
    position: Ints,
    next_seconds: Floats,
    num_injections_left: Ints,
    has_begun: Bools,
    ends: Ints,
    due_stands: Ints,
    due_events: Rows,
) -> int:
    """Take the events that are due at the starts of the next buckets [B] from the stands that move.

    Args:
        moving: [N]
        elapsed_seconds: [N] at the start of the first bucket.
        bucket_seconds: length of a bucket.
        events: [N, E] of each stand in time order; those whose verb is `VOID` do not happen.
        num_events: [N]
        position: [N] of each stand's next event, in place.
        next_seconds: [N] when that is, in place; infinite: never.
        num_injections_left: [N] in place.
        has_begun: [N] whether any injection is past, in place.
        ends: [B] filled with where in the next two each bucket's events end.
        due_stands: [D or more] filled, a bucket's stand by stand.
        due_events: [D or more] filled, a stand's in time order.

    Returns:
        D. Where there is not enough room for the events, nothing is taken.
    """
    ends[:] = 0
    last = (len(ends) - 1) * bucket_seconds
    for n in range(moving.shape[0]):
        if moving[n] and next_seconds[n] <= elapsed_seconds[n] + last:
            at = position[n]
            while at < num_events[n] and events[n, at].seconds <= elapsed_seconds[n] + last:
                ends[_bucket_of(events[n, at].seconds - elapsed_seconds[n], bucket_seconds)] += (
                    events[n, at].verb != VOID
                )
                at += 1
    num_due = 0
    for b in range(len(ends)):
        num_due, ends[b] = num_due + ends[b], num_due  # so far, where each begins
    if num_due > due_stands.shape[0]:
        return num_due
    for n in range(moving.shape[0]):
        if not moving[n] or next_seconds[n] > elapsed_seconds[n] + last:
            continue
        at = position[n]
        while at < num_events[n] and (events[n, at].seconds <= elapsed_seconds[n] + last or events[n, at].verb == VOID):
            if events[n, at].verb != VOID:
                b = _bucket_of(events[n, at].seconds - elapsed_seconds[n], bucket_seconds)
                due_stands[ends[b]], due_events[ends[b]] = n, events[n, at]
                ends[b] += 1
                if not events[n, at].is_clearance:
                    num_injections_left[n] -= 1
                    has_begun[n] = True
            at += 1
        position[n] = at
        next_seconds[n] = events[n, at].seconds if at < num_events[n] else np.inf
    return num_due


@inlined
def _bucket_of(seconds: float, bucket_seconds: float) -> int:
    """The first bucket that begins at a time or after it."""
    bucket = 0
    while bucket * bucket_seconds < seconds:
        bucket += 1
    return bucket


@compiled
def put_courses(
    stands: Ints,
    new_events: Rows,
    new_num_events: Ints,
    events: Rows,
    num_events: Ints,
    position: Ints,
    next_seconds: Floats,
    num_injections_left: Ints,
    has_begun: Bools,
) -> None:
    """Enter what scenarios bring to some stands [K], in place; the other arrays are those of `take_due`.

    Args:
        stands: [K]
        new_events: [K, E or fewer] in time order.
        new_num_events: [K]
        events: [N, E]
        num_events: [N]
        position: [N]
        next_seconds: [N]
        num_injections_left: [N]
        has_begun: [N]
    """
    for k in range(stands.shape[0]):
        n = stands[k]
        num_events[n], position[n], num_injections_left[n], has_begun[n] = new_num_events[k], 0, 0, False
        for e in range(new_num_events[k]):
            events[n, e] = new_events[k, e]
            num_injections_left[n] += not new_events[k, e].is_clearance
        next_seconds[n] = events[n, 0].seconds if new_num_events[k] else np.inf
