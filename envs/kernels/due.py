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
    due: Ints, following_seconds: Floats, clear_seconds: Floats, inject_seconds: Floats, next_seconds: Floats
) -> bool:
    """Enter when faults that were due [3, K] are injected next [K], and when anything is due [N] on their stands.

    Returns:
        Whether no fault is injected next before it was last.
    """
    is_in_order = True
    for k in range(due.shape[1]):
        n = due[0, k]
        if due[2, k] >= 0:
            is_in_order &= inject_seconds[due[1, k], n] <= following_seconds[k]
            inject_seconds[due[1, k], n] = following_seconds[k]
        least = np.inf
        for f in range(clear_seconds.shape[0]):
            least = min(least, clear_seconds[f, n], inject_seconds[f, n])
        next_seconds[n] = least
    return is_in_order
