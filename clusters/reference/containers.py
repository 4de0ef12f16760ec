"""Slots, lists of slots in the order they are due, and heaps."""

import math

from clusters.compiled import inlined
from clusters.reference.agenda import put
from clusters.reference.layout import (
    CHILD,
    DEADLINE,
    DUE,
    FIRST_TIMEOUT,
    FREE,
    FREE_HEAD,
    HEAP,
    HEAP_SIZE,
    IS_TIMED,
    NEXT,
    NONE,
    NUM_FREE,
    STATE,
    TIMEOUT_NEXT,
    TIMEOUT_PREVIOUS,
    Floats,
    World,
)


@inlined
def take_slot(w: World) -> int:
    """A free slot; the loop sees to it that there always is one."""
    slot: int = w.counters[FREE_HEAD]
    w.counters[FREE_HEAD] = w.slots[slot, NEXT]
    w.counters[NUM_FREE] -= 1
    w.slots[slot, CHILD] = NONE
    w.slots[slot, IS_TIMED] = 0
    return slot


@inlined
def give_back(w: World, slot: int) -> None:
    """The slot is free again."""
    w.slots[slot, STATE] = FREE
    w.slots[slot, NEXT] = w.counters[FREE_HEAD]
    w.counters[FREE_HEAD] = slot
    w.counters[NUM_FREE] += 1


@inlined
def append(w: World, which: int, slot: int, due: float) -> None:
    """Put a slot at the end of a list; `due` never falls along it, because its delay is always the same."""
    w.times[slot, DUE] = due
    w.slots[slot, NEXT] = NONE
    tail = w.lists[which, 1]
    if tail == NONE:
        w.lists[which, 0] = slot
        put(w, which, due)
    else:
        w.slots[tail, NEXT] = slot
    w.lists[which, 1] = slot


@inlined
def pop_first(w: World, which: int) -> int:
    """Take the first slot off a list."""
    slot: int = w.lists[which, 0]
    head = w.slots[slot, NEXT]
    w.lists[which, 0] = head
    if head == NONE:
        w.lists[which, 1] = NONE
        put(w, which, math.inf)
    else:
        put(w, which, w.times[head, DUE])
    return slot


@inlined
def watch(w: World, slot: int, timeout_class: int, deadline: float) -> None:
    """Put a slot at the end of the list of its timeout."""
    which = FIRST_TIMEOUT + timeout_class
    tail = w.lists[which, 1]
    w.times[slot, DEADLINE] = deadline
    w.slots[slot, IS_TIMED] = 1
    w.slots[slot, TIMEOUT_PREVIOUS] = tail
    w.slots[slot, TIMEOUT_NEXT] = NONE
    if tail == NONE:
        w.lists[which, 0] = slot
        put(w, which, deadline)
    else:
        w.slots[tail, TIMEOUT_NEXT] = slot
    w.lists[which, 1] = slot


@inlined
def unwatch(w: World, slot: int, timeout_class: int) -> None:
    """Take a slot off the list of its timeout, wherever it is in it."""
    which = FIRST_TIMEOUT + timeout_class
    before, after = w.slots[slot, TIMEOUT_PREVIOUS], w.slots[slot, TIMEOUT_NEXT]
    w.slots[slot, IS_TIMED] = 0
    if after == NONE:
        w.lists[which, 1] = before
    else:
        w.slots[after, TIMEOUT_PREVIOUS] = before
    if before == NONE:
        w.lists[which, 0] = after
        put(w, which, math.inf if after == NONE else w.times[after, DEADLINE])
    else:
        w.slots[before, TIMEOUT_NEXT] = after


@inlined
def sift_up(heap: Floats, size: int, key: float, slot: int) -> None:
    """Add (key, slot) to a heap [.., 2] of `size` entries."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if heap[above, 0] <= key:
            break
        heap[place, 0], heap[place, 1] = heap[above, 0], heap[above, 1]
        place = above
    heap[place, 0], heap[place, 1] = key, slot


@inlined
def sift_down(heap: Floats, size: int) -> None:
    """Remove the least entry of a heap [.., 2]; `size` is the number of entries left."""
    key, slot = heap[size, 0], heap[size, 1]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        if below + 1 < size and heap[below + 1, 0] < heap[below, 0]:
            below += 1
        if heap[below, 0] >= key:
            break
        heap[place, 0], heap[place, 1] = heap[below, 0], heap[below, 1]
        place = below
    heap[place, 0], heap[place, 1] = key, slot


@inlined
def push_heap(w: World, slot: int, due: float) -> None:
    """Let a slot be due at any time."""
    sift_up(w.heap, w.counters[HEAP_SIZE], due, slot)
    w.counters[HEAP_SIZE] += 1
    put(w, HEAP, w.heap[0, 0])


@inlined
def pop_heap(w: World) -> int:
    """The slot that is due first."""
    slot = int(w.heap[0, 1])
    w.counters[HEAP_SIZE] -= 1
    size = w.counters[HEAP_SIZE]
    sift_down(w.heap, size)
    put(w, HEAP, w.heap[0, 0] if size > 0 else math.inf)
    return slot
