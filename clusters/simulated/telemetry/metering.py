"""Adds one tick to the sums of the current bucket."""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.flow import Flow
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.latency import Latency
from clusters.simulated.parameters import IDLE_CPU, SCALER_MEMORY, TICK_SECONDS
from clusters.simulated.queueing import QueueStep
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, RequestSum, ServiceSum

Floats = NDArray[np.float32]

_ONE = np.float32(1.0)
_HELD_SCATTER = np.float32(1.4 / TICK_SECONDS)
"""1 + the squared coefficient of variation of the time that a request waits for several calls, over the tick."""


def meter(
    graph: CompiledGraph,
    state: StandState,
    capacity: Capacity,
    arrivals: Arrivals,
    flow: Flow,
    step: QueueStep,
    latency: Latency,
    draw: Floats,
) -> None:
    """Add one tick; also brings memory and the autoscalers' CPU use up to date. `draw` is [S, N] standard normal."""
    _meter_operations(state, arrivals.noise, flow, latency)
    _meter_channels(graph, state, arrivals.noise, flow, latency)
    _meter_services(graph, state, capacity, arrivals.noise, flow, step, draw)
    sums = state.request_sums
    sums[RequestSum.OFFERED] += arrivals.planned
    admitted = arrivals.sent * arrivals.admitted_ratio
    sums[RequestSum.ADMITTED] += admitted
    failed = latency.call_error_ratio.take(graph.request_channel, axis=0)
    sums[RequestSum.SUCCEEDED] += admitted * (_ONE - failed)
    sums[RequestSum.LATENCY] += admitted * latency.call_mean.take(graph.request_channel, axis=0) * np.float32(1e3)


def _meter_operations(state: StandState, noise: Floats, flow: Flow, latency: Latency) -> None:
    sums = state.operation_sums
    requests = flow.arrivals * noise
    sums[OperationSum.REQUESTS] += requests
    sums[OperationSum.ERRORS] += requests * latency.error_ratio
    sums[OperationSum.LATENCY] += requests * latency.mean
    requests *= latency.own
    sums[OperationSum.OWN] += requests


def _meter_channels(graph: CompiledGraph, state: StandState, noise: Floats, flow: Flow, latency: Latency) -> None:
    sums = state.channel_sums
    attempts = flow.channel_rate * noise
    sums[ChannelSum.REQUESTS] += attempts
    sums[ChannelSum.ERRORS] += attempts * latency.call_error_ratio
    sums[ChannelSum.LATENCY] += attempts * latency.call_mean
    sums[ChannelSum.RETRIES] += attempts * (_ONE - _ONE / latency.call_attempts)


def _meter_services(
    graph: CompiledGraph,
    state: StandState,
    capacity: Capacity,
    noise: Floats,
    flow: Flow,
    step: QueueStep,
    draw: Floats,
) -> None:
    work = flow.work_ms * flow.passing
    work *= noise
    np.minimum(work, capacity.cpu_ms, out=work)
    used = work + capacity.stress_millicores
    idle = np.float32(IDLE_CPU) * capacity.ready
    idle *= capacity.limit_millicores
    used += idle
    state.scaler_usage *= np.float32(SCALER_MEMORY)
    state.scaler_usage += np.float32(1.0 - SCALER_MEMORY) * used
    in_service = _held_as_drawn(state, flow, draw)
    in_service += step.number
    _advance_memory(graph, state, capacity, flow, in_service)
    sums = state.service_sums
    sums[ServiceSum.CPU_MILLICORES] += used
    # A container is killed at its limit; that it was above it is found at the end of the tick.
    sums[ServiceSum.MEMORY] += np.minimum(state.memory_per_replica, state.memory_limit) * capacity.ready
    sums[ServiceSum.QUEUE_DEPTH] += in_service
    sums[ServiceSum.REPLICAS_READY] += capacity.ready
    sums[ServiceSum.UTILISATION] += np.minimum(flow.admitted / flow.cpu_rate, _ONE)
    sums[ServiceSum.CALM] += step.calm_ratio
    sums[ServiceSum.CPU_SERVERS] += capacity.cpu_servers


def _held_as_drawn(state: StandState, flow: Flow, draw: Floats) -> Floats:
    """Requests that wait for downstream, with the noise of how many came and how long each takes.

    Over a tick their mean number is a sum of as many times as requests came: its variance is rate x E[T^2] / tick.
    """
    variance = np.maximum(flow.served, np.float32(1e-3))
    np.divide(state.held, variance, out=variance)
    variance *= _HELD_SCATTER
    variance /= np.maximum(state.held, np.float32(1e-3))
    np.log1p(variance, out=variance)
    drawn: Floats = np.sqrt(variance)
    drawn *= draw
    variance *= np.float32(0.5)
    drawn -= variance
    np.exp(drawn, out=drawn)
    drawn *= state.held
    return drawn


def _advance_memory(
    graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow, in_service: Floats
) -> None:
    """Base, requests in the service, what leaked, and what a stressor holds."""
    replicas = np.maximum(capacity.ready, _ONE)
    leak = state.leak_bytes_per_request * flow.admitted
    leak /= replicas
    leak += state.leak_bytes_per_second
    leak *= np.float32(TICK_SECONDS)
    state.leaked_bytes += leak
    memory = state.memory_per_replica
    np.divide(in_service, replicas, out=memory)
    # Messages wait at the broker.
    for s in np.flatnonzero(graph.is_consumer).tolist():
        np.divide(np.minimum(in_service[s], capacity.workers[s]), replicas[s], out=memory[s])
    memory *= graph.memory_per_request_bytes
    memory += graph.memory_base_bytes
    memory += state.leaked_bytes
    memory += state.memory_stress * state.memory_limit
