"""The loop: find the event that is due first -> let it happen -> let the frame that it frees go on."""

from clusters.compiled import compiled, inlined
from clusters.reference.agenda import first_due, put
from clusters.reference.arrivals import plan_arrival, user_comes
from clusters.reference.containers import pop_first, pop_heap
from clusters.reference.layout import (
    ARRIVAL,
    BUCKET,
    BUCKET_END,
    BUCKET_SECONDS,
    FIRST_SERVICE,
    FIRST_TIMEOUT,
    HEAP,
    NETWORK,
    NUM_EVENTS,
    NUM_FREE,
    NUM_SPANS,
    REFUSALS,
    STATE,
    TRAVELLING,
    World,
)
from clusters.reference.meters import file_bins
from clusters.reference.requests import FAILED, answer, arrive, begin_calls, compute_done, give_up, go_on
from clusters.reference.stations import close_integrals

FINISHED, NEEDS_SLOTS, NEEDS_SPANS, NEEDS_CHANGE = range(4)
MARGIN = 1024
"""Slots and spans that no single event uses up."""


@compiled
def run(w: World) -> int:
    """Let everything happen until the last bucket is full, or there is something to do outside; what it is."""
    first_service, num_buckets = w.counters[FIRST_SERVICE], len(w.service_meters)
    if w.counters[NUM_EVENTS] == 0:
        plan_arrival(w)
    while True:
        if w.counters[NUM_FREE] < MARGIN:
            return NEEDS_SLOTS
        if w.counters[NUM_SPANS] > len(w.spans) - MARGIN:
            return NEEDS_SPANS
        event = first_due(w)
        w.counters[NUM_EVENTS] += 1
        arriving = finished = slot = -1
        outcome = FAILED
        if event >= first_service:
            finished = compute_done(w, event - first_service)
        elif event == NETWORK:
            arriving = pop_first(w, NETWORK)
        elif event == ARRIVAL:
            user_comes(w)
            plan_arrival(w)
        elif event == REFUSALS:
            slot = answer(w, pop_first(w, REFUSALS), True)
        elif event >= FIRST_TIMEOUT:
            slot = give_up(w, w.lists[event, 0])
        elif event == HEAP:
            due = pop_heap(w)
            if w.slots[due, STATE] == TRAVELLING:
                arriving = due
            else:
                finished = due
        elif event == BUCKET_END:
            close_bucket(w)
            if w.counters[BUCKET] == num_buckets:
                return FINISHED
        else:
            return NEEDS_CHANGE
        if arriving >= 0:
            arrive(w, arriving)
        elif finished >= 0:
            slot, outcome = finished, begin_calls(w, finished)
        go_on(w, slot, outcome)


@inlined
def close_bucket(w: World) -> None:
    """What is in the services is counted up to the bucket's end."""
    for s in range(len(w.stations)):
        close_integrals(w, s)
    file_bins(w)
    w.counters[BUCKET] += 1
    next_end = (w.counters[BUCKET] + 1) * w.settings[BUCKET_SECONDS]
    put(w, BUCKET_END, next_end)
