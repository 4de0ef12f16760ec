"""What a change of parameters does to what is under way, and requests that die with their replicas."""

import math

from clusters.compiled import compiled
from clusters.reference.agenda import put
from clusters.reference.arrivals import plan_arrival
from clusters.reference.containers import append, give_back, sift_up, unwatch
from clusters.reference.layout import (
    BUCKET,
    BUSY,
    CALLING,
    CHANNEL,
    CHILD,
    HEAP,
    HEAP_SIZE,
    IS_TIMED,
    LINE_HEAD,
    LINE_TAIL,
    LOST,
    LOST_SHARE,
    NEXT,
    NOBODY,
    NONE,
    NUM_COMPUTING,
    NUM_WAITING,
    OPERATION,
    PARENT,
    PAUSED,
    PRESENT,
    REFUSALS,
    REFUSED,
    REJECTION_SECONDS,
    SERVICE,
    SERVICE_LOST,
    STATE,
    TIME,
    TIMEOUT_CLASS,
    World,
)
from clusters.reference.randomness import uniform
from clusters.reference.stations import admit_waiting, bring_up, count, line_up, plan


@compiled
def settle(w: World) -> None:
    """Bring every service up to now, under the parameters that were in force."""
    for s in range(len(w.stations)):
        bring_up(w, s)


@compiled
def resume(w: World) -> None:
    """Go on under the parameters that are in force now."""
    for s in range(len(w.stations)):
        if w.service_values[s, LOST_SHARE] > 0.0:
            lose(w, s, w.service_values[s, LOST_SHARE])
        admit_waiting(w, s)
        plan(w, s)
    plan_arrival(w)


@compiled
def lose(w: World, s: int, share: float) -> None:
    """Each request in the service dies with this chance; its caller learns so as from a refusal."""
    lose_waiting(w, s, share)
    lose_computing(w, s, share)
    lose_pausing(w, s, share)
    for slot in range(len(w.slots)):
        row = w.slots[slot]
        if row[STATE] == CALLING and w.operations[row[OPERATION], SERVICE] == s and uniform(w.random) < share:
            abandon_child(w, row[CHILD])
            w.stations[s, BUSY] -= 1
            die(w, s, slot)


@compiled
def die(w: World, s: int, slot: int) -> None:
    """Count a lost request, and send its caller an error."""
    count(w, s, PRESENT, -1)
    w.service_meters[w.counters[BUCKET], s, SERVICE_LOST] += 1.0
    w.slots[slot, STATE] = REFUSED
    append(w, REFUSALS, slot, w.now[TIME] + w.settings[REJECTION_SECONDS])


@compiled
def abandon_child(w: World, child: int) -> None:
    """Nobody waits any more for the attempt that a dead request had under way."""
    if w.slots[child, IS_TIMED] == 1:
        unwatch(w, child, w.channels[w.slots[child, CHANNEL], TIMEOUT_CLASS])
    if w.slots[child, STATE] == LOST:
        give_back(w, child)
    else:
        w.slots[child, PARENT] = NOBODY


@compiled
def lose_waiting(w: World, s: int, share: float) -> None:
    """Thin the line out."""
    slot, number = w.stations[s, LINE_HEAD], w.stations[s, NUM_WAITING]
    w.stations[s, LINE_HEAD] = w.stations[s, LINE_TAIL] = NONE
    count(w, s, NUM_WAITING, -number)
    for _ in range(number):
        after = w.slots[slot, NEXT]
        if uniform(w.random) < share:
            die(w, s, slot)
        else:
            line_up(w, s, slot)
        slot = after


@compiled
def lose_computing(w: World, s: int, share: float) -> None:
    """Thin the computing requests out; what is left stays a heap."""
    number, kept = w.stations[s, NUM_COMPUTING], 0
    for place in range(number):
        tag, slot = w.tags[s, place, 0], int(w.tags[s, place, 1])
        if uniform(w.random) < share:
            w.stations[s, BUSY] -= 1
            die(w, s, slot)
        else:
            sift_up(w.tags[s], kept, tag, slot)
            kept += 1
    count(w, s, NUM_COMPUTING, kept - number)


@compiled
def lose_pausing(w: World, s: int, share: float) -> None:
    """The same for those that wait their added seconds."""
    number, kept = w.counters[HEAP_SIZE], 0
    for place in range(number):
        due, slot = w.heap[place, 0], int(w.heap[place, 1])
        is_here = w.slots[slot, STATE] == PAUSED and w.operations[w.slots[slot, OPERATION], SERVICE] == s
        if is_here and uniform(w.random) < share:
            w.stations[s, BUSY] -= 1
            die(w, s, slot)
        else:
            sift_up(w.heap, kept, due, slot)
            kept += 1
    w.counters[HEAP_SIZE] = kept
    put(w, HEAP, w.heap[0, 0] if kept > 0 else math.inf)
