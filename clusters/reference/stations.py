"""A service as queues: a line for its workers, and processor sharing among the requests that compute.

Processor sharing by virtual time: a request that computes ends when the service's virtual time, which runs at
speed * min(1, servers / n), reaches the tag it got at its start. So a change of n moves no request.
"""

import math

from clusters.compiled import inlined
from clusters.reference.agenda import put_service
from clusters.reference.containers import sift_down, sift_up
from clusters.reference.layout import (
    BOUND,
    BUCKET,
    BUSY,
    COMPUTING,
    DEMAND_SECONDS,
    LINE_HEAD,
    LINE_TAIL,
    NEXT,
    NONE,
    NUM_COMPUTING,
    NUM_INTEGRALS,
    NUM_WAITING,
    OPERATION,
    PACE,
    SERVERS,
    SPEED,
    STATE,
    TIME,
    UPDATED,
    VIRTUAL,
    WAITING,
    WORKERS,
    World,
)
from clusters.reference.randomness import exponential


@inlined
def count(w: World, s: int, which: int, change: int) -> None:
    """Change one of a service's counts, and its integral over time: -t for one that comes at t, t for one that goes."""
    w.stations[s, which] += change
    w.clocks[s, which] -= change * w.now[TIME]


@inlined
def close_integrals(w: World, s: int) -> None:
    """Write the integrals up to now into the meters of the bucket, and begin anew."""
    meter, now = w.service_meters[w.counters[BUCKET], s], w.now[TIME]
    for which in range(NUM_INTEGRALS):
        meter[which] = w.clocks[s, which] + w.stations[s, which] * now
        w.clocks[s, which] = -w.stations[s, which] * now


@inlined
def bring_up(w: World, s: int) -> None:
    """Let the service's virtual time run up to now; called before its pace changes."""
    clock = w.clocks[s]
    clock[VIRTUAL] += (w.now[TIME] - clock[UPDATED]) * clock[PACE]
    clock[UPDATED] = w.now[TIME]


@inlined
def plan(w: World, s: int) -> None:
    """Set the pace, and find out anew when the next request of the service is done with its CPU time."""
    computing = w.stations[s, NUM_COMPUTING]
    servers, speed = w.service_values[s, SERVERS], w.service_values[s, SPEED]
    pace = speed if computing <= servers else speed * servers / computing
    w.clocks[s, PACE] = pace
    if computing > 0 and pace > 0.0:
        left = w.tags[s, 0, 0] - w.clocks[s, VIRTUAL]
        put_service(w, s, w.now[TIME] + max(left, 0.0) / pace)
    else:
        put_service(w, s, math.inf)


@inlined
def start_computing(w: World, s: int, slot: int) -> None:
    """A worker takes the request."""
    bring_up(w, s)
    computing = w.stations[s, NUM_COMPUTING]
    if computing == 0:
        w.clocks[s, VIRTUAL] = 0.0
    demand = w.operation_values[w.slots[slot, OPERATION], DEMAND_SECONDS] * exponential(w.random)
    sift_up(w.tags[s], computing, w.clocks[s, VIRTUAL] + demand, slot)
    count(w, s, NUM_COMPUTING, 1)
    w.stations[s, BUSY] += 1
    w.slots[slot, STATE] = COMPUTING
    plan(w, s)


@inlined
def end_computing(w: World, s: int) -> int:
    """The request whose CPU time is over now."""
    bring_up(w, s)
    slot = int(w.tags[s, 0, 1])
    count(w, s, NUM_COMPUTING, -1)
    sift_down(w.tags[s], w.stations[s, NUM_COMPUTING])
    plan(w, s)
    return slot


@inlined
def has_room(w: World, s: int) -> bool:
    """Whether one more request may wait."""
    result: bool = w.stations[s, NUM_WAITING] < w.service_values[s, BOUND]
    return result


@inlined
def has_worker(w: World, s: int) -> bool:
    """Whether a worker is free."""
    result: bool = w.stations[s, BUSY] < w.service_values[s, WORKERS]
    return result


@inlined
def line_up(w: World, s: int, slot: int) -> None:
    """Put a request at the end of the line."""
    w.slots[slot, STATE] = WAITING
    w.slots[slot, NEXT] = NONE
    tail = w.stations[s, LINE_TAIL]
    if tail == NONE:
        w.stations[s, LINE_HEAD] = slot
    else:
        w.slots[tail, NEXT] = slot
    w.stations[s, LINE_TAIL] = slot
    count(w, s, NUM_WAITING, 1)


@inlined
def admit_waiting(w: World, s: int) -> None:
    """Give free workers to the line."""
    while w.stations[s, NUM_WAITING] > 0 and has_worker(w, s):
        slot = w.stations[s, LINE_HEAD]
        w.stations[s, LINE_HEAD] = w.slots[slot, NEXT]
        if w.slots[slot, NEXT] == NONE:
            w.stations[s, LINE_TAIL] = NONE
        count(w, s, NUM_WAITING, -1)
        start_computing(w, s, slot)
