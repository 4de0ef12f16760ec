"""Calls that come later in a request wait for those before them: an overload starves what is called after it.

What a saturated service lets pass is all that its callers go on with. It is foreseen at the start of a tick, from the
rates of the last one and from what has changed since: the users' rate and the capacity.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import DRAINING_LEVEL, TICK_SECONDS
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState, ordered_sum

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_LEAST_LOG, _MOST_LOG = np.float32(-3.0), np.float32(1.0)
"""A backlog passes on at least 5 % and at most 2.7 times of what comes in."""
_FORESEEN = np.float32(0.9)
"""Of the logarithm of the users' growth: services further down get what those before them let pass. Calibrated on the
onset of an overload of 16 services in the reference."""
_MOST_PRESSURE = np.float32(1e6)
_MAX_JUMP = np.float32(20.0)
"""The users' rate may rise so many times at once; from nothing, nothing is foreseen."""


def call_rates(graph: CompiledGraph, state: StandState, capacity: Capacity, entry_mean: Floats) -> Floats:
    """[C, N] attempts that an execution makes of each call, with what keeps it from them.

    Args:
        graph: the application.
        state: `arrival_rate`, `work_per_request`, `hold_per_request` and `entry_rate` of the last tick, and the
            backlog; `entry_rate` is brought up to date.
        capacity: now.
        entry_mean: [R, N] users' requests per second.
    """
    entry = ordered_sum(entry_mean)
    growth = np.minimum(entry / np.maximum(state.entry_rate, _TINY), _MAX_JUMP) ** _FORESEEN
    arriving = np.maximum(state.arrival_rate * growth, _TINY)
    state.entry_rate[...] = entry
    can = service_rate(
        capacity,
        state.work_per_request,
        state.hold_per_request,
        state.held_seconds,
    )[0]
    log_passing = np.log(served_rate(state.backlog, arriving, can) / arriving)
    np.clip(log_passing, _LEAST_LOG, _MOST_LOG, out=log_passing)
    through = log_passing.take(graph.operation_service, axis=0)
    weights = state.call_count * graph.call_awaited
    stuck = np.empty_like(weights)
    for level in reversed(graph.levels_down):
        calls = level.calls
        if calls.stop > calls.start:
            stuck[calls] = through.take(graph.call_operation[calls], axis=0)
            stuck[calls] *= weights[calls]
            through[level.operations] += level.by_operation.sum(stuck[calls])
            np.clip(through[level.operations], _LEAST_LOG, _MOST_LOG, out=through[level.operations])
    # Of calls that are made several times the later ones wait for the earlier ones too.
    repeated = np.maximum(_HALF - _HALF / np.maximum(state.call_count, _ONE), _ZERO)
    before = repeated * stuck
    reached = np.zeros_like(stuck)
    for rows, previous in graph.call_steps:
        reached[rows] = reached[previous] + stuck[previous]
    before += reached
    np.minimum(before, _MOST_LOG, out=before)
    rates: Floats = np.exp(before, out=before)
    rates *= state.call_rate
    return rates


def service_rate(
    capacity: Capacity, work_ms: Floats, hold_seconds: Floats, held_seconds: Floats
) -> tuple[Floats, Floats]:
    """[S, N] requests per second that CPU and workers allow, and that the CPU alone would.

    A worker is held for the CPU time at full speed and for what comes after it. When all workers are, they and the
    callees are a closed network: its throughput is below workers / time without queues, below workers / time of late,
    and near the lesser of both (Denning and Buzen 1978, "The operational analysis of queueing network models"). What
    does not pass waits in the line of this service, not at the callees. The time of late forgets slowly: the callees'
    queues are made by the workers that they set the pace of, which would else all wait in one tick and flood the
    callees in the next.

    Args:
        capacity: of these services.
        work_ms: [S, N] CPU time of a request.
        hold_seconds: [S, N] what comes after it, at least.
        held_seconds: [S, N] the same, as of late: queues at the callees, timeouts and repeated attempts included.
    """
    cpu_ms = np.maximum(capacity.cpu_ms, _TINY)
    work = np.maximum(work_ms, _TINY)
    cpu_rate: Floats = np.divide(cpu_ms, work)
    hold = capacity.cpu_servers / cpu_rate
    hold += hold_seconds
    rate: Floats = np.divide(capacity.workers, hold)
    pressure = np.minimum(rate * held_seconds / np.maximum(capacity.workers, _TINY), _MOST_PRESSURE)
    pressure *= pressure
    pressure *= pressure
    pressure += _ONE
    rate /= np.sqrt(np.sqrt(pressure))
    np.minimum(rate, cpu_rate, out=rate)
    np.maximum(rate, _TINY, out=rate)
    np.maximum(cpu_rate, _TINY, out=cpu_rate)
    return rate, cpu_rate


def served_rate(backlog: Floats, admitted: Floats, can: Floats) -> Floats:
    """[S, N] requests per second that get their CPU time: those that come, and what is beyond a stationary backlog."""
    slack = can - admitted
    np.maximum(slack, _TINY, out=slack)
    usual = admitted + can
    usual *= np.float32(0.5 * DRAINING_LEVEL)
    usual /= slack
    draining = backlog - usual
    np.maximum(draining, _ZERO, out=draining)
    draining *= np.float32(1.0 / TICK_SECONDS)
    draining += admitted
    return np.minimum(draining, can, out=draining)
