"""Where everything is: the columns of the event simulation's arrays.

All state is in arrays, so that the compiled loop can stop where an array is full and go on after it was enlarged.
Legend: B buckets, S services, O operations, C call sites, H channels, R request types, L distinct timeouts, Q slots.
A slot is one attempt of one call, from its sending to the callee's end.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SmallInts = NDArray[np.int32]

NONE: Final = -1
USER: Final = -1
"""Parent of a request that a user sent."""
NOBODY: Final = -2
"""Parent of a message, and of an attempt that its caller has given up: nobody waits for it."""

# Columns of `slots`, 64 bytes a row.
NEXT, TIMEOUT_PREVIOUS, TIMEOUT_NEXT, STATE, PARENT, CHILD, CHANNEL, OPERATION = range(8)
CALL, REPEATS, TRIES, REQUEST, TRACE, SPAN, PARENT_SPAN, IS_TIMED = range(8, 16)
NUM_SLOT_COLUMNS: Final = 16
# Columns of `times`, in seconds.
SENT, ARRIVED, DUE, DEADLINE = range(4)
NUM_TIME_COLUMNS: Final = 4
# States of a slot.
FREE, TRAVELLING, LOST, WAITING, COMPUTING, PAUSED, CALLING, REFUSED = range(8)

# Columns of `stations` (counts) and `clocks` (seconds). The first three counts have time integrals among the clocks.
PRESENT, NUM_WAITING, NUM_COMPUTING, BUSY, LINE_HEAD, LINE_TAIL = range(6)
NUM_STATION_COLUMNS: Final = 6
NUM_INTEGRALS: Final = 3
VIRTUAL, UPDATED, PACE, TOKENS, TOKENS_AT = range(3, 8)
NUM_CLOCK_COLUMNS: Final = 8

# Structure: columns of `operations`, `calls`, `channels`.
SERVICE, FIRST_CALL, LAST_CALL = range(3)
CALL_CHANNEL, IS_REQUIRED, IS_MESSAGE = range(3)
CALLEE, TIMEOUT_CLASS = range(2)

# Parameters: columns of `operation_values`, `channel_values`, `service_values`; then those of `load_values`.
DEMAND_SECONDS, ERROR_RATIO, ADDED_SECONDS = range(3)
RETRIES, DELAY_SECONDS, LOSS = range(3)
SERVERS, SPEED, WORKERS, BOUND, IS_OPEN, MAX_RATE, LOST_SHARE = range(7)
MULTIPLIER, RATE_LIMIT, THINK_SECONDS, FIRST_SHAPE = range(4)

# Events: indices among the leaves of `agenda`. Those from `NETWORK` on are also lists of slots, whose head and tail are
# in `lists`; one list per distinct timeout follows from `FIRST_TIMEOUT`, and then, from the counter `FIRST_SERVICE`,
# the services.
HEAP, ARRIVAL, BUCKET_END, CHANGE, NETWORK, REFUSALS, FIRST_TIMEOUT = range(7)

MAX_EVENTS: Final = 512
NEVER: Final = np.iinfo(np.int64).max

# `counters` and `now`.
FREE_HEAD, NUM_FREE, HEAP_SIZE, BUCKET, NUM_SPANS, NEXT_SPAN, NEXT_TRACE, NUM_EVENTS = range(8)
OUTSTANDING, FIRST_SERVICE = range(8, 10)
NUM_COUNTERS: Final = 10
TIME, ENTRY_TOKENS, ENTRY_TOKENS_AT = range(3)

# Meters.
SERVICE_PRESENT, SERVICE_WAITING, SERVICE_COMPUTING, SERVICE_REFUSED, SERVICE_LOST = range(5)
OPERATION_ARRIVALS, OPERATION_DONE, OPERATION_ERRORS, OPERATION_LATENCY = range(4)
CHANNEL_ATTEMPTS, CHANNEL_DONE, CHANNEL_ERRORS, CHANNEL_LATENCY, CHANNEL_RETRIES = range(5)
REQUEST_PLANNED, REQUEST_HELD_BACK, REQUEST_LIMITED, REQUEST_DONE, REQUEST_ERRORS = range(5)
REQUEST_LATENCY, REQUEST_GOOD, NUM_REQUEST_METERS = range(5, 8)

# Columns of `spans` and `span_times`.
SPAN_TRACE, SPAN_ID, SPAN_PARENT, SPAN_OPERATION, SPAN_ERROR = range(5)

BINS_PER_OCTAVE: Final = 16
FIRST_OCTAVE: Final = -14
NUM_BINS: Final = 21 * BINS_PER_OCTAVE
"""Latency histograms reach from 2^-15 to 2^6 seconds; a bin is 3 to 6 % wide."""


class World(NamedTuple):
    """Everything that the compiled loop reads and writes."""

    counters: Ints
    """[NUM_COUNTERS]"""
    now: Floats
    """[3]"""
    random: NDArray[np.uint64]
    """[4] state of the generator"""
    agenda: Ints
    """[2 x events] see `clusters.reference.agenda`: node k's children are 2k and 2k + 1, the second half the leaves"""
    lists: Ints
    """[events but the services', 2] head and tail; the first rows are no lists"""
    slots: SmallInts
    """[Q, 16]"""
    times: Floats
    """[Q, 4]"""
    heap: Floats
    """[Q, 2] (due, slot): delayed on an edge, or pausing"""
    stations: Ints
    """[S, 6]"""
    clocks: Floats
    """[S, 8]"""
    tags: Floats
    """[S, workers, 2] heaps of (virtual time at the end, slot)"""
    operations: Ints
    """[O, 3]"""
    calls: Ints
    """[C, 3]"""
    channels: Ints
    """[H, 2]"""
    request_channels: Ints
    """[R]"""
    timeouts: Floats
    """[L] seconds"""
    request_limits: Floats
    """[R] seconds within which a request is good"""
    cumulative_mix: Floats
    """[R]"""
    rates: Floats
    """[steps] requests/s"""
    settings: Floats
    """[5] see `clusters.reference.run`"""
    operation_values: Floats
    """[O, 3] parameters now; so on below"""
    call_counts: Floats
    """[C]"""
    channel_values: Floats
    """[H, 3]"""
    service_values: Floats
    """[S, 7]"""
    load_values: Floats
    """[3 + R]"""
    service_meters: Floats
    """[B, S, 5]"""
    operation_meters: Floats
    """[B, O, 4]"""
    channel_meters: Floats
    """[B, H, 5]"""
    request_meters: Floats
    """[B, R, 7]"""
    service_bins_now: SmallInts
    """[S, NUM_BINS] of the present bucket; so on below"""
    request_bins_now: SmallInts
    """[R, NUM_BINS]"""
    service_bins: SmallInts
    """[B, S, NUM_BINS]"""
    request_bins: SmallInts
    """[B, R, NUM_BINS]"""
    spans: Ints
    """[spans, 5]"""
    span_times: Floats
    """[spans, 2]"""


# Indices of `settings`.
BUCKET_SECONDS, STEP_SECONDS, REJECTION_SECONDS, NETWORK_SECONDS, TRACED_SHARE = range(5)
