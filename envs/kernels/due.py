"""What is due on which stand, and the clocks that say so.

Legend: N stands, F faults of a stand at most.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@compiled
def until_due(
    moving: Bools, elapsed_seconds: Floats, next_seconds: Floats, limit_ends_seconds: Floats
) -> tuple[float, float]:
    """Least time to a fault event, and to the end of a rate limit, on any stand [N] that moves; infinite: never."""
    until_event, until_end = np.inf, np.inf
    for n in range(moving.shape[0]):
        if moving[n]:
            until_event = min(until_event, next_seconds[n] - elapsed_seconds[n])
            until_end = min(until_end, limit_ends_seconds[n] - elapsed_seconds[n])
    return until_event, until_end


@compiled
def let_pass(seconds: float, nanoseconds: int, moving: Bools, elapsed_seconds: Floats, now_ns: Ints) -> None:
    """Move the clocks [N] of the stands that move on."""
    for n in range(moving.shape[0]):
        if moving[n]:
            elapsed_seconds[n] += seconds
            now_ns[n] += nanoseconds


@compiled
def take_due(
    moving: Bools,
    elapsed_seconds: Floats,
    next_seconds: Floats,
    clear_seconds: Floats,
    inject_seconds: Floats,
    num_injected: Ints,
    num_injections_left: Ints,
    has_begun: Bools,
    due: Ints,
) -> int:
    """Find the first event that is due on each stand that moves; at one time clearances come first, then lower faults.

    Args:
        moving: [N]
        elapsed_seconds: [N]
        next_seconds: [N] of any event.
        clear_seconds: [F, N] when a fault is cleared; in place: infinite from now on where it is.
        inject_seconds: [F, N] when it is injected next.
        num_injected: [F, N] of a fault, in place.
        num_injections_left: [N] of all faults, in place.
        has_begun: [N] whether any injection is past, in place.
        due: [3, N] filled with stands, faults, and the injection's number or -1 for the clearance.

    Returns:
        How many are due.
    """
    count = 0
    for n in range(moving.shape[0]):
        if not moving[n] or next_seconds[n] > elapsed_seconds[n]:
            continue
        fault, injection, least = 0, -1, np.inf
        for f in range(clear_seconds.shape[0]):
            if clear_seconds[f, n] < least:
                fault, least = f, clear_seconds[f, n]
        for f in range(inject_seconds.shape[0]):
            if inject_seconds[f, n] < least:
                fault, injection, least = f, num_injected[f, n], inject_seconds[f, n]
        due[0, count], due[1, count], due[2, count] = n, fault, injection
        count += 1
        if injection < 0:
            clear_seconds[fault, n] = np.inf
        else:
            num_injected[fault, n] += 1
            num_injections_left[n] -= 1
            has_begun[n] = True
    return count


@compiled
def put_next(
    due: Ints,
    following_seconds: Floats,
    elapsed_seconds: Floats,
    clear_seconds: Floats,
    inject_seconds: Floats,
    next_seconds: Floats,
) -> tuple[bool, bool]:
    """Enter when faults that were due are injected next, and when anything is due on their stands.

    Args:
        due: [3, K] as `take_due` filled it.
        following_seconds: [K] of each fault's next injection.
        elapsed_seconds: [N]
        clear_seconds: [F, N]
        inject_seconds: [F, N] in place.
        next_seconds: [N] in place.

    Returns:
        Whether anything more is due, and whether no fault is injected next before it was last.
    """
    is_more, is_in_order = False, True
    for k in range(due.shape[1]):
        n = due[0, k]
        if due[2, k] >= 0:
            is_in_order &= inject_seconds[due[1, k], n] <= following_seconds[k]
            inject_seconds[due[1, k], n] = following_seconds[k]
        least = np.inf
        for f in range(clear_seconds.shape[0]):
            least = min(least, clear_seconds[f, n], inject_seconds[f, n])
        next_seconds[n] = least
        is_more |= least <= elapsed_seconds[n]
    return is_more, is_in_order


@compiled
def put_courses(
    stands: Ints,
    first_seconds: Floats,
    num_left: Ints,
    clear_seconds: Floats,
    inject_seconds: Floats,
    num_injected: Ints,
    next_seconds: Floats,
    num_injections_left: Ints,
    has_begun: Bools,
) -> None:
    """Enter what faults bring to some stands [K], in place.

    Args:
        stands: [K]
        first_seconds: [2, F, K] when each fault is injected first, and when it is cleared; infinite: never.
        num_left: [K] injections of all its faults.
        clear_seconds: [F, N] and so on: as of `take_due`.
        inject_seconds: [F, N]
        num_injected: [F, N]
        next_seconds: [N]
        num_injections_left: [N]
        has_begun: [N]
    """
    for k in range(stands.shape[0]):
        n, least = stands[k], np.inf
        for f in range(clear_seconds.shape[0]):
            inject_seconds[f, n], clear_seconds[f, n] = first_seconds[0, f, k], first_seconds[1, f, k]
            num_injected[f, n] = 0
            least = min(least, inject_seconds[f, n], clear_seconds[f, n])
        next_seconds[n] = least
        num_injections_left[n] = num_left[k]
        has_begun[n] = False
