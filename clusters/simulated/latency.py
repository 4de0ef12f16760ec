"""Bottom-up: from waiting and computing at the leaves to what callers, and in the end users, see.

An operation's time is its wait, its own work and its calls one after the other. Requests are conserved: a caller holds
the requests it waits for, as many as its share of the callee's (Little's law, tick by tick), so an overload downstream
is seen in every service above it. What callers find next tick (which later calls are reached, retries, and how long
workers are held in steady state, which is what `worker_limits` can build on: queues as drawn are made by the workers
whose pace they would set) is stored in the state.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.attempts import see_calls
from clusters.simulated.flow import Flow
from clusters.simulated.graph import CompiledGraph, Level
from clusters.simulated.parameters import NETWORK_SECONDS, REJECTION_SECONDS, TICK_SECONDS
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]

_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_TINY = np.float32(1e-6)
_HALF = np.float32(0.5)
_NO_WORK = np.float32(1e-3)
"""CPU ms/s below which a request is taken to find the service empty."""
_NO_SLOPE = np.float32(1e-6)
"""Below, nothing makes workers be held longer."""
_ANY = np.float32(1e9)
_LEAST_ROOM = np.float32(0.2)
"""Of its workers that a caller can have at one callee, however many are elsewhere."""
_LONGEST_SECONDS = np.float32(600.0)
"""What is left of a queue that nobody joins any more has no time of its own."""


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


def empty_latency(graph: CompiledGraph, num_stands: int) -> Latency:
    """Arrays to be filled."""
    rows = [graph.num_operations] * 3 + [graph.num_channels] * 6
    return Latency(*(np.zeros((num_rows, num_stands), dtype=np.float32) for num_rows in rows))


def look_up(
    graph: CompiledGraph,
    state: StandState,
    capacity: Capacity,
    flow: Flow,
    number: Floats,
    refused_ratio: Floats,
    latency: Latency,
) -> None:
    """Fill `latency`, leaves first; updates what the state keeps for the next tick.

    Args:
        graph: the application.
        state: its `call_seconds`, `call_rate`, `held...`, `steady...`, `room` and `entry_seconds` are written.
        capacity: of the tick.
        flow: of the tick.
        number: [S, N] requests that compute, or wait for a worker; no more are left than the line has places for.
        refused_ratio: [S, N] requests that are turned away or die, of those that come in.
        latency: to be filled.
    """
    # Nobody else can be there, however a tick's mean was drawn.
    np.minimum(number, np.maximum(state.room, state.backlog), out=number)
    line = _own_seconds(graph, state, capacity, flow, number, latency.own)
    visits = _steady_own_seconds(graph, state, capacity, flow, latency)
    for level in reversed(graph.levels_down):
        _finish_operations(graph, level, state, flow, refused_ratio, visits, latency)
        _finish_channels(graph, level, state, flow, refused_ratio, line, visits, latency)
    completed = flow.arrivals * (flow.admitted_ratio * flow.passing).take(graph.operation_service, axis=0)
    state.held[...] = graph.operations_by_service.sum(completed * state.call_seconds)
    _hold(graph, state, flow, completed)
    # Who waits for an answer holds a worker, and so many are there; the rest of the line has the places that are left.
    np.minimum(state.held, capacity.workers, out=state.held)
    np.minimum(number, np.maximum(capacity.queue_bound + capacity.workers - state.held, _ZERO), out=number)
    entry = latency.call_mean.take(graph.request_channel, axis=0)
    state.entry_seconds[...] = _weighted(state.mix, entry)
    _look_ahead(graph, state, latency)
    _bound_callees(graph, state, capacity, flow, latency)


def _hold(graph: CompiledGraph, state: StandState, flow: Flow, completed: Floats) -> None:
    """How long workers are held in steady state: of each service, the mean over its operations."""
    rows: Floats = np.stack([state.steady_seconds, state.steady_slope, state.steady_stuck])
    rows *= completed
    seconds, slope, stuck = graph.operations_by_service.sum(rows)
    served = np.maximum(flow.served, np.float32(1e-3))
    np.divide(seconds, served, out=state.held_seconds)
    np.divide(slope, served, out=state.held_slope)
    np.divide(stuck + _NO_SLOPE, slope + _NO_SLOPE, out=state.held_stuck)
    state.held_rate[...] = flow.served


def _own_seconds(
    graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow, number: Floats, own: Floats
) -> Floats:
    """Split a service's requests into those that wait for a worker and those that share the CPU by what they need.

    Returns:
        [S, N] seconds that a request waits for a worker.
    """
    waiting = np.clip(number + state.held - capacity.workers, _ZERO, number)
    leaving = np.maximum(flow.admitted, _HALF * flow.served)
    work = flow.work_ms * (leaving / np.maximum(flow.admitted, _TINY))
    alone = np.float32(1e-3) / np.maximum(capacity.speed, np.float32(1e-3))
    per_ms = np.where(work > _NO_WORK, (number - waiting) / np.maximum(work, _NO_WORK), alone)
    wait: Floats = waiting / np.maximum(leaving, np.float32(1e-3))
    np.multiply(state.demand_ms, per_ms.take(graph.operation_service, axis=0), out=own)
    own += wait.take(graph.operation_service, axis=0)
    np.minimum(own, _LONGEST_SECONDS, out=own)
    return wait


def _steady_own_seconds(
    graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow, latency: Latency
) -> Floats:
    """Fill an attempt's steady time at the callee itself, at these rates, and its slope over the callee's rate.

    A queue is 1 / (what it can serve - what comes), of which a caller gets at least its share; but no longer than all
    who can be there: the caller's workers, or more where there are others, or some that were given up.

    Returns:
        [H, N] how often an execution of the caller visits the callee.
    """
    callee, source = graph.channel_service, graph.channel_source
    rate = np.maximum(graph.channel_siblings.sum(flow.channel_rate), _TINY)
    can, admitted = flow.service_rate.take(callee, axis=0), np.maximum(flow.admitted, _TINY).take(callee, axis=0)
    mine = np.maximum(can - admitted + rate, can * np.minimum(rate / admitted, _ONE))
    most = np.maximum(state.room.take(callee, axis=0), capacity.workers.take(source, axis=0))
    spare = np.maximum(mine - rate, mine / np.maximum(most, _ONE))
    np.maximum(spare, _TINY, out=spare)
    alone = np.float32(1e-3) / np.maximum(capacity.speed, np.float32(1e-3))
    per_ms = np.maximum(
        alone.take(callee, axis=0),
        _ONE / (spare * np.maximum(state.work_per_request, np.float32(1e-3)).take(callee, axis=0)),
    )
    np.multiply(per_ms, state.demand_ms.take(graph.channel_operation, axis=0), out=latency.steady_call)
    np.divide(latency.steady_call, spare, out=latency.steady_slope)
    return np.divide(rate, np.maximum(flow.served, np.float32(1e-3)).take(source, axis=0), out=rate)


def _finish_operations(
    graph: CompiledGraph,
    level: Level,
    state: StandState,
    flow: Flow,
    refused_ratio: Floats,
    visits: Floats,
    latency: Latency,
) -> None:
    rows, calls, local = level.operations, level.calls, level.operation_service
    success = _ONE - state.own_error_ratio[rows]
    held = state.call_seconds[rows]
    held[...] = state.added_seconds[rows]
    steady = state.steady_seconds[rows]
    steady[...] = held
    state.steady_slope[rows] = state.steady_stuck[rows] = _ZERO
    if calls.stop > calls.start:
        channel = graph.call_channel[calls]
        made = flow.call_rate[calls] * graph.call_awaited[calls]
        slope = made * latency.steady_slope.take(channel, axis=0)
        sums = level.by_operation.sum(
            np.stack(
                [
                    made * latency.call_mean.take(channel, axis=0),
                    made * latency.steady_call.take(channel, axis=0),
                    slope,
                    slope * visits.take(channel, axis=0),
                    state.call_count[calls]
                    * graph.call_required[calls]
                    * latency.call_log_success.take(channel, axis=0),
                ]
            )
        )
        held += sums[0]
        steady += sums[1]
        state.steady_slope[rows], state.steady_stuck[rows] = sums[2], sums[3]
        success *= np.exp(sums[4])
    accepted = (_ONE - refused_ratio[level.services]).take(local, axis=0)
    passing = np.minimum(flow.passing[level.services], _ONE).take(local, axis=0)
    mean = latency.own[rows] + passing * held
    latency.mean[rows] = accepted * mean + (_ONE - accepted) * np.float32(REJECTION_SECONDS)
    latency.error_ratio[rows] = _ONE - accepted * success


def _finish_channels(
    graph: CompiledGraph,
    level: Level,
    state: StandState,
    flow: Flow,
    refused_ratio: Floats,
    line: Floats,
    visits: Floats,
    latency: Latency,
) -> None:
    rows = level.channels
    callee, edge = graph.channel_operation[rows], graph.channel_edge[rows]
    service = graph.channel_service[rows]
    accepted = (_ONE - refused_ratio).take(service, axis=0)
    served = latency.mean.take(callee, axis=0)
    variance = state.latency_scv.take(callee, axis=0)
    way = state.edge_delay_seconds.take(edge, axis=0)
    way += np.float32(NETWORK_SECONDS)
    served += way
    steady, slope = latency.steady_call[rows], latency.steady_slope[rows]
    steady += state.steady_seconds.take(callee, axis=0)
    steady += way
    slope += state.steady_slope.take(callee, axis=0)
    slope *= visits[rows]
    slope *= accepted
    seen = see_calls(
        served,
        variance,
        latency.error_ratio.take(callee, axis=0),
        accepted,
        np.minimum(flow.passing, _ONE).take(service, axis=0),
        line.take(service, axis=0) + way,
        state.edge_loss.take(edge, axis=0),
        graph.channel_timeout_seconds[rows],
        graph.channel_retries[rows] + graph.channel_awaited[rows] * state.added_retries[rows],
    )
    latency.call_mean[rows] = seen.seconds
    slope *= steady < graph.channel_timeout_seconds[rows]
    np.minimum(steady, graph.channel_timeout_seconds[rows], out=steady)
    steady *= accepted
    latency.call_error_ratio[rows] = seen.error_ratio
    latency.call_attempts[rows] = seen.attempts
    latency.call_log_success[rows] = seen.log_success


def _look_ahead(graph: CompiledGraph, state: StandState, latency: Latency) -> None:
    """How many attempts of each call an execution will make: an earlier call that fails keeps it from the later ones.

    A call that is made several times is stopped by its own failures too.
    """
    channel = graph.call_channel
    rate = state.call_count * latency.call_attempts.take(channel, axis=0)
    if latency.call_log_success.any():
        failing = graph.call_required * latency.call_log_success.take(channel, axis=0)
        total = state.call_count * failing
        reached = _HALF * np.maximum(state.call_count - _ONE, _ZERO) * failing
        before = np.zeros_like(total)
        for rows, previous in graph.call_steps:
            before[rows] = before[previous] + total[previous]
        reached += before
        rate *= np.exp(reached, out=reached)
    rate += state.call_rate
    np.multiply(rate, _HALF, out=state.call_rate)
    state.call_rate *= state.call_count > _ZERO


def _bound_callees(graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow, latency: Latency) -> None:
    """How many requests of their callers' workers can be at the callees in the next tick.

    A request that fails or is given up frees its worker without being served.
    """
    rate = np.maximum(flow.channel_rate, _TINY)
    error = latency.call_error_ratio
    source = graph.channel_source
    workers = capacity.workers.take(source, axis=0)
    room = (capacity.workers - state.held).take(source, axis=0)
    room += rate * latency.call_mean
    room = np.clip(room, _LEAST_ROOM * workers, workers) * graph.channel_weight
    # Those that were given up are still at the callee.
    given_up = np.maximum(latency.mean.take(graph.channel_operation, axis=0) - latency.call_mean, _ZERO)
    given_up += error * error * np.float32(TICK_SECONDS)
    room += rate * given_up + graph.channel_unbound * _ANY
    state.room[...] = graph.channels_by_callee.sum(room)


def _weighted(weights: Floats, rows: Floats) -> Floats:
    total: Floats = weights[0] * rows[0]
    for weight, row in zip(weights[1:], rows[1:], strict=True):
        total += weight * row
    return total
