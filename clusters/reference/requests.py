"""A request's way: sent -> travelling -> waiting -> computing -> pausing -> calling -> its caller, or given up."""

from clusters.compiled import inlined
from clusters.reference.containers import append, give_back, push_heap, take_slot, unwatch, watch
from clusters.reference.layout import (
    ADDED_SECONDS,
    ARRIVED,
    BUCKET,
    BUSY,
    CALL,
    CALL_CHANNEL,
    CALLEE,
    CALLING,
    CHANNEL,
    CHANNEL_ATTEMPTS,
    CHANNEL_RETRIES,
    CHILD,
    DELAY_SECONDS,
    ERROR_RATIO,
    FIRST_CALL,
    IS_MESSAGE,
    IS_OPEN,
    IS_REQUIRED,
    IS_TIMED,
    LAST_CALL,
    LOSS,
    LOST,
    MAX_RATE,
    NETWORK,
    NETWORK_SECONDS,
    NEXT_SPAN,
    NOBODY,
    OPERATION,
    OPERATION_ARRIVALS,
    PARENT,
    PARENT_SPAN,
    PAUSED,
    PRESENT,
    REFUSALS,
    REFUSED,
    REJECTION_SECONDS,
    REPEATS,
    RETRIES,
    SENT,
    SERVICE,
    SERVICE_REFUSED,
    SPAN,
    STATE,
    TIME,
    TIMEOUT_CLASS,
    TOKENS,
    TOKENS_AT,
    TRACE,
    TRAVELLING,
    TRIES,
    World,
)
from clusters.reference.meters import note_attempt, note_execution, note_user
from clusters.reference.randomness import uniform, whole
from clusters.reference.stations import admit_waiting, count, end_computing, has_room, has_worker, line_up
from clusters.reference.stations import start_computing as start

# What a frame is told when it goes on.
BEGIN, SUCCEEDED, FAILED, BROKEN = range(4)


@inlined
def send(w: World, parent: int, channel: int, is_retry: bool) -> int:
    """Make one attempt of a call; its slot (already free again if it is a message that got lost)."""
    slot = take_slot(w)
    row = w.slots[slot]
    row[PARENT] = parent
    row[CHANNEL] = channel
    row[OPERATION] = w.channels[channel, CALLEE]
    row[TRACE] = 0
    row[TRIES] = 0
    row[STATE] = TRAVELLING
    w.times[slot, SENT] = w.now[TIME]
    meter = w.channel_meters[w.counters[BUCKET], channel]
    meter[CHANNEL_ATTEMPTS] += 1.0
    if is_retry:
        meter[CHANNEL_RETRIES] += 1.0
    if parent != NOBODY:
        kind = w.channels[channel, TIMEOUT_CLASS]
        watch(w, slot, kind, w.now[TIME] + w.timeouts[kind])
    if parent >= 0:
        w.slots[parent, CHILD] = slot
        inherit_trace(w, slot, parent)
    loss = w.channel_values[channel, LOSS]
    if loss > 0.0 and uniform(w.random) < loss:
        row[STATE] = LOST
        if parent == NOBODY:
            give_back(w, slot)
        return slot
    delay = w.channel_values[channel, DELAY_SECONDS]
    if delay == w.settings[NETWORK_SECONDS]:
        append(w, NETWORK, slot, w.now[TIME] + delay)
    else:
        push_heap(w, slot, w.now[TIME] + delay)
    return slot


@inlined
def inherit_trace(w: World, slot: int, parent: int) -> None:
    """A sampled trace has a span for every execution."""
    if w.slots[parent, TRACE] > 0:
        w.slots[slot, TRACE] = w.slots[parent, TRACE]
        w.slots[slot, PARENT_SPAN] = w.slots[parent, SPAN]
        w.counters[NEXT_SPAN] += 1
        w.slots[slot, SPAN] = w.counters[NEXT_SPAN]


@inlined
def arrive(w: World, slot: int) -> None:
    """A request reaches its service: a worker, the line, or a refusal."""
    operation = w.slots[slot, OPERATION]
    s = w.operations[operation, SERVICE]
    w.times[slot, ARRIVED] = w.now[TIME]
    w.operation_meters[w.counters[BUCKET], operation, OPERATION_ARRIVALS] += 1.0
    is_message = is_sent_as_message(w, slot)
    if not is_message and not admits(w, s):
        w.service_meters[w.counters[BUCKET], s, SERVICE_REFUSED] += 1.0
        w.slots[slot, STATE] = REFUSED
        append(w, REFUSALS, slot, w.now[TIME] + w.settings[REJECTION_SECONDS])
        return
    count(w, s, PRESENT, 1)
    if has_worker(w, s):
        start(w, s, slot)
    else:
        line_up(w, s, slot)


@inlined
def is_sent_as_message(w: World, slot: int) -> bool:
    """Nobody ever waited for it; an attempt that was given up on its way is not a message."""
    result: bool = w.slots[slot, TRIES] == NOBODY
    return result


@inlined
def admits(w: World, s: int) -> bool:
    """Whether a service takes one more request now."""
    if w.service_values[s, IS_OPEN] == 0.0:
        return False
    limit = w.service_values[s, MAX_RATE]
    if limit < 1e12:
        clock = w.clocks[s]
        tokens = min(clock[TOKENS] + (w.now[TIME] - clock[TOKENS_AT]) * limit, max(limit, 1.0))
        clock[TOKENS_AT] = w.now[TIME]
        clock[TOKENS] = tokens
        if tokens < 1.0:
            return False
        clock[TOKENS] = tokens - 1.0
    return has_worker(w, s) or has_room(w, s)


@inlined
def compute_done(w: World, s: int) -> int:
    """A service's next request has had its CPU time; its slot, or -1 if it pauses first."""
    slot = end_computing(w, s)
    pause = w.operation_values[w.slots[slot, OPERATION], ADDED_SECONDS]
    if pause > 0.0:
        w.slots[slot, STATE] = PAUSED
        push_heap(w, slot, w.now[TIME] + pause)
        return -1
    return slot


@inlined
def begin_calls(w: World, slot: int) -> int:
    """An execution's own work is over; what its frame is to be told."""
    operation = w.slots[slot, OPERATION]
    w.slots[slot, STATE] = CALLING
    w.slots[slot, CALL] = w.operations[operation, FIRST_CALL] - 1
    w.slots[slot, REPEATS] = 0
    error = w.operation_values[operation, ERROR_RATIO]
    return BROKEN if error > 0.0 and uniform(w.random) < error else BEGIN


@inlined
def go_on(w: World, slot: int, outcome: int) -> None:
    """Let a frame take its next step, and its callers theirs, until every one of them waits for something."""
    while slot >= 0:
        row = w.slots[slot]
        has_failed = outcome == BROKEN
        if outcome == FAILED:
            if row[TRIES] > 0:
                row[TRIES] -= 1
                send(w, slot, w.calls[row[CALL], CALL_CHANNEL], True)
                return
            has_failed = w.calls[row[CALL], IS_REQUIRED] == 1
        if not has_failed:
            if outcome != BEGIN:
                row[REPEATS] -= 1
            if makes_next_call(w, slot):
                return
        slot = leave(w, slot, has_failed)
        outcome = FAILED if has_failed else SUCCEEDED


@inlined
def makes_next_call(w: World, slot: int) -> bool:
    """Send messages as they come, and the next call; False if there is none left."""
    row = w.slots[slot]
    last = w.operations[row[OPERATION], LAST_CALL]
    while True:
        if row[REPEATS] > 0:
            call = row[CALL]
            channel = w.calls[call, CALL_CHANNEL]
            is_message = w.calls[call, IS_MESSAGE] == 1
            retries = w.channel_values[channel, RETRIES]
            row[TRIES] = 0 if is_message or retries == 0.0 else whole(w.random, retries)
            child = send(w, NOBODY if is_message else slot, channel, False)
            if not is_message:
                return True
            w.slots[child, TRIES] = NOBODY
            inherit_trace(w, child, slot)
            row[REPEATS] -= 1
        else:
            row[CALL] += 1
            if row[CALL] >= last:
                return False
            row[REPEATS] = whole(w.random, w.call_counts[row[CALL]])


@inlined
def leave(w: World, slot: int, has_failed: bool) -> int:
    """An execution ends: its worker is free, and its caller, which is returned, may go on; -1 if nobody waits."""
    s = w.operations[w.slots[slot, OPERATION], SERVICE]
    count(w, s, PRESENT, -1)
    w.stations[s, BUSY] -= 1
    note_execution(w, slot, s, has_failed)
    admit_waiting(w, s)
    return answer(w, slot, has_failed)


@inlined
def answer(w: World, slot: int, has_failed: bool) -> int:
    """Tell the caller, if it still waits; the slot is free afterwards. The caller's slot, or -1."""
    parent = w.slots[slot, PARENT]
    if parent != NOBODY:
        note_attempt(w, slot, has_failed)
    if w.slots[slot, IS_TIMED] == 1:
        unwatch(w, slot, w.channels[w.slots[slot, CHANNEL], TIMEOUT_CLASS])
    if parent < 0 and parent != NOBODY:
        note_user(w, slot, has_failed)
    give_back(w, slot)
    return parent if parent >= 0 else -1


@inlined
def give_up(w: World, slot: int) -> int:
    """A caller has waited for too long: the callee carries on by itself. The caller's slot, or -1."""
    parent = w.slots[slot, PARENT]
    note_attempt(w, slot, True)
    unwatch(w, slot, w.channels[w.slots[slot, CHANNEL], TIMEOUT_CLASS])
    if parent < 0:
        note_user(w, slot, True)
    if w.slots[slot, STATE] == LOST:
        give_back(w, slot)
    else:
        w.slots[slot, PARENT] = NOBODY
    return parent if parent >= 0 else -1
