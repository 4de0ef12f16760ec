"""What times are computed from, and what they are."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

NUM_SERVICE_ROWS = 6


class Latency(NamedTuple):
    """What one tick looks like from below."""

    own: Floats
    """[O, N] seconds at the service itself: waiting for a worker, computing."""
    mean: Floats
    """[O, N] seconds until the answer."""
    error_ratio: Floats
    """[O, N]"""
    steady_call: Floats
    """[H, N] seconds of one attempt in steady state, as its caller sees it."""
    steady_slope: Floats
    """[H, N] how much longer that gets per execution per second that the caller makes more of."""
    call_mean: Floats
    """[H, N] seconds of one attempt, as its caller sees it."""
    call_error_ratio: Floats
    """[H, N] of one attempt."""
    call_attempts: Floats
    """[H, N] attempts per call."""
    call_log_success: Floats
    """[H, N] of a call with all its attempts."""


class Seen(NamedTuple):
    """What of the state times follow from, and what is kept there for the next tick."""

    demand_ms: Floats
    own_error_ratio: Floats
    added_seconds: Floats
    added_retries: Floats
    call_count: Floats
    edge_delay_seconds: Floats
    edge_loss: Floats
    latency_scv: Floats
    mix: Floats
    work_per_request: Floats
    backlog: Floats
    call_seconds: Floats
    steady_seconds: Floats
    steady_slope: Floats
    steady_stuck: Floats
    call_rate: Floats
    held: Floats
    held_seconds: Floats
    held_slope: Floats
    held_rate: Floats
    held_stuck: Floats
    room: Floats
    entry_seconds: Floats


class LatencyRoom(NamedTuple):
    """For what is computed in between."""

    services: Floats
    """[NUM_SERVICE_ROWS, S, N] seconds that a request waits for a worker; seconds per CPU millisecond, as it is and
    alone; and quotients that many divide by: one over requests per second admitted and served, and over a request's
    CPU milliseconds."""
    edge_rate: Floats
    """[E, N] attempts per second."""
    visits: Floats
    """[H, N] how often an execution of the caller visits the callee."""
    rows: Floats
    """[NUM_INPUTS, N]"""
    outputs: Floats
    """[4, N]"""
    near: NDArray[np.int32]
    """[2, N]"""
