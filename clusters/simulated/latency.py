"""Bottom-up: from waiting and computing at the leaves to what callers, and in the end users, see.

An operation's time is its wait, its own work and its calls one after the other; means and variances add up along the
sequence. What callers will find next tick (hold times, reachability of later calls, retries) is stored in the state.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.flow import Flow
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import (
    BACKLOG_WAIT_SCV,
    FEEDBACK_MEMORY,
    NETWORK_SECONDS,
    REJECTION_SECONDS,
    SERVICE_TIME_SCV,
)
from clusters.simulated.queueing import LogNormal, Waiting, attempt, fit_lognormal, stationary_waiting
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState

Floats = NDArray[np.float64]

_TINY = 1e-12
_NO_FLOW = 1e-2


class OperationView(NamedTuple):
    """[O, N] each, as the server sees it: seconds and shares of requests."""

    mean: Floats
    variance: Floats
    error_ratio: Floats


class ChannelView(NamedTuple):
    """[H, N] each, as the caller sees it, per attempt unless said otherwise."""

    mean: Floats
    second_moment: Floats
    error_ratio: Floats
    attempts: Floats
    """Mean attempts per call."""
    call_seconds: Floats
    """Mean time of a call with all its attempts."""
    call_variance: Floats
    mu: Floats
    sigma: Floats
    """Lognormal of the time without a timeout."""


def waiting_time(graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow) -> Waiting:
    """[S, N] wait at each service: for CPU and for a worker in the stationary state, plus the backlog."""
    arrivals = np.maximum(state.arrival_ema, _TINY)
    compute = stationary_waiting(
        state.work_ema / np.maximum(capacity.cpu_ms, _TINY),
        capacity.cpu_servers,
        state.work_ema / arrivals / (1000.0 * capacity.speed),
        SERVICE_TIME_SCV,
    )
    workers = np.maximum(capacity.workers, 1.0)
    worker = stationary_waiting(state.worker_ema / workers, workers, state.worker_ema / arrivals, SERVICE_TIME_SCV)
    backlog = flow.backlog_seconds
    return Waiting(
        compute.mean + worker.mean + backlog,
        compute.variance + worker.variance + BACKLOG_WAIT_SCV * backlog * backlog,
    )


def look_up(
    graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow
) -> tuple[OperationView, ChannelView]:
    """Latency and errors of every operation and channel, leaves first; updates the feedback in the state."""
    wait = waiting_time(graph, state, capacity, flow)
    service = graph.operation_service
    own = state.demand_ms / (1000.0 * capacity.speed[service])
    hold = own + state.added_seconds
    operations = OperationView(
        np.empty_like(own), wait.variance[service] + SERVICE_TIME_SCV * own * own, np.empty_like(own)
    )
    channels = ChannelView(*(np.empty((graph.num_channels, state.num_stands)) for _ in ChannelView._fields))
    log_success = np.empty_like(channels.mean)
    call_rate = np.empty_like(state.call_rate)
    served_ratio = np.minimum((state.served_ema + _NO_FLOW) / (state.accepted_ema + _NO_FLOW), 2.0)
    own_success = np.log1p(-np.minimum(state.own_error_ratio, 1.0 - _TINY))
    for operation_slice, channel_slice in graph.level_slices:
        for o in range(operation_slice.start, operation_slice.stop):
            log_reach = own_success[o].copy()
            flowing = np.ones(state.num_stands)
            for call in graph.calls[o]:
                c, h = call.index, call.channel
                count = state.call_count[c]
                reached = np.exp(log_reach) * count
                hold[o] += reached * channels.call_seconds[h]
                operations.variance[o] += reached * channels.call_variance[h]
                call_rate[c] = reached * channels.attempts[h] * flowing
                if call.required:
                    log_reach += count * log_success[h]
                flowing = flowing * served_ratio[call.service]
            operations.error_ratio[o] = 1.0 - np.exp(log_reach)
        _finish_operations(graph, operation_slice, wait, flow, hold, operations)
        _view_channels(graph, state, channel_slice, operations, channels, log_success)
    for kept, new in ((state.hold_seconds, hold), (state.call_rate, call_rate)):
        kept *= FEEDBACK_MEMORY
        kept += (1.0 - FEEDBACK_MEMORY) * new
    return operations, channels


def _finish_operations(
    graph: CompiledGraph, rows: slice, wait: Waiting, flow: Flow, hold: Floats, operations: OperationView
) -> None:
    """Mix in the refused: they are quick, and errors."""
    service = graph.operation_service[rows]
    refused = flow.refused_ratio[service]
    accepted = 1.0 - refused
    operations.mean[rows] = accepted * (wait.mean[service] + hold[rows]) + refused * REJECTION_SECONDS
    operations.error_ratio[rows] = 1.0 - accepted * (1.0 - operations.error_ratio[rows])


def _view_channels(
    graph: CompiledGraph,
    state: StandState,
    rows: slice,
    operations: OperationView,
    channels: ChannelView,
    log_success: Floats,
) -> None:
    callee = graph.channel_operation[rows]
    mean = operations.mean[callee] + NETWORK_SECONDS + state.edge_delay_seconds[graph.channel_edge[rows]]
    variance = operations.variance[callee]
    fitted: LogNormal = fit_lognormal(mean, variance)
    seen = attempt(fitted, mean, variance, graph.channel_timeout_seconds[rows])
    error = 1.0 - (1.0 - seen.timeout_ratio) * (1.0 - operations.error_ratio[callee])
    attempts, still_failing = np.ones_like(error), error.copy()
    for allowed in graph.retry_allowed[:, rows]:
        attempts += allowed * still_failing
        still_failing *= 1.0 - allowed + allowed * error
    channels.mean[rows] = seen.mean
    channels.second_moment[rows] = seen.second_moment
    channels.error_ratio[rows] = error
    channels.attempts[rows] = attempts
    channels.call_seconds[rows] = attempts * seen.mean
    channels.call_variance[rows] = attempts * (seen.second_moment - seen.mean * seen.mean)
    channels.mu[rows], channels.sigma[rows] = fitted
    log_success[rows] = np.log1p(-np.minimum(still_failing, 1.0 - _TINY))
