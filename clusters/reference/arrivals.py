"""Users: Poisson at the trace's rate, or a closed loop; the rate limit at the entry."""

import math

from clusters.compiled import inlined
from clusters.reference.agenda import put
from clusters.reference.layout import (
    ARRIVAL,
    BUCKET,
    ENTRY_TOKENS,
    ENTRY_TOKENS_AT,
    FIRST_SHAPE,
    MULTIPLIER,
    NEXT_SPAN,
    NEXT_TRACE,
    OUTSTANDING,
    PARENT_SPAN,
    RATE_LIMIT,
    REQUEST,
    REQUEST_HELD_BACK,
    REQUEST_LIMITED,
    REQUEST_PLANNED,
    SPAN,
    STEP_SECONDS,
    THINK_SECONDS,
    TIME,
    TRACE,
    TRACED_SHARE,
    USER,
    World,
)
from clusters.reference.randomness import exponential, uniform
from clusters.reference.requests import send


@inlined
def plan_arrival(w: World) -> None:
    """Draw when the next user comes: the integral of the rate reaches an exponential number."""
    amount, time = exponential(w.random), w.now[TIME]
    last = len(w.rates) - 1
    while True:
        step = min(int(time / w.settings[STEP_SECONDS] + 1e-9), last)
        rate = w.rates[step] * w.load_values[MULTIPLIER]
        end = (step + 1) * w.settings[STEP_SECONDS] if step < last else math.inf
        if rate > 0.0 and time + amount / rate <= end:
            time += amount / rate
            break
        if end == math.inf:
            time = end
            break
        amount -= rate * (end - time)
        time = end
    put(w, ARRIVAL, time)


@inlined
def user_comes(w: World) -> None:
    """A user wants to send a request of a drawn type."""
    if not is_thinking_over(w):
        return
    draw, request = uniform(w.random), 0
    while request < len(w.cumulative_mix) - 1 and draw >= w.cumulative_mix[request]:
        request += 1
    meter = w.request_meters[w.counters[BUCKET], request]
    meter[REQUEST_PLANNED] += 1.0
    shape = w.load_values[FIRST_SHAPE + request]
    if shape < 1.0 and uniform(w.random) >= shape:
        meter[REQUEST_HELD_BACK] += 1.0
        return
    if not is_admitted(w):
        meter[REQUEST_LIMITED] += 1.0
        return
    w.counters[OUTSTANDING] += 1
    slot = send(w, USER, w.request_channels[request], False)
    w.slots[slot, REQUEST] = request
    if w.settings[TRACED_SHARE] > 0.0 and uniform(w.random) < w.settings[TRACED_SHARE]:
        w.counters[NEXT_TRACE] += 1
        w.counters[NEXT_SPAN] += 1
        w.slots[slot, TRACE] = w.counters[NEXT_TRACE]
        w.slots[slot, SPAN] = w.counters[NEXT_SPAN]
        w.slots[slot, PARENT_SPAN] = 0


@inlined
def is_thinking_over(w: World) -> bool:
    """In a closed loop of rate * think users, those that wait for an answer do not send: Poisson arrivals thinned."""
    think = w.load_values[THINK_SECONDS]
    if math.isnan(think):
        return True
    step = min(int(w.now[TIME] / w.settings[STEP_SECONDS]), len(w.rates) - 1)
    users = w.rates[step] * w.load_values[MULTIPLIER] * think
    result: bool = uniform(w.random) * users < users - w.counters[OUTSTANDING]
    return result


@inlined
def is_admitted(w: World) -> bool:
    """The entry's token bucket, which holds a second's worth."""
    limit = w.load_values[RATE_LIMIT]
    if limit > 1e12:
        return True
    now = w.now
    tokens = min(now[ENTRY_TOKENS] + (now[TIME] - now[ENTRY_TOKENS_AT]) * limit, max(limit, 1.0))
    now[ENTRY_TOKENS_AT] = now[TIME]
    now[ENTRY_TOKENS] = tokens
    if tokens < 1.0:
        return False
    now[ENTRY_TOKENS] = tokens - 1.0
    return True
