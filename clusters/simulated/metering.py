"""Adds one tick to the sums of the current bucket. Sums, so that coarser buckets are exact sums of finer ones."""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.flow import Flow
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.latency import ChannelView, OperationView
from clusters.simulated.parameters import IDLE_CPU, REQUEST_BYTES, RESPONSE_BYTES
from clusters.simulated.queueing import LogNormal, share_within
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState, ordered_sum

Floats = NDArray[np.float64]


def meter(
    graph: CompiledGraph,
    state: StandState,
    capacity: Capacity,
    arrivals: Arrivals,
    flow: Flow,
    operations: OperationView,
    channels: ChannelView,
) -> None:
    """Add one tick; also brings `state.memory_per_replica` up to date, which the next tick's out-of-memory check reads."""
    _meter_operations(state, flow, operations)
    _meter_services(graph, state, capacity, flow)
    _meter_channels(state, flow, channels)
    _meter_requests(graph, state, arrivals, channels)
    stand = state.stand_sums
    limited = ~np.isnan(state.rate_limit_rps)
    stand[0] += ordered_sum(arrivals.offered)
    stand[1] += np.where(limited, state.rate_limit_rps, 0.0)
    stand[2] += limited
    stand[3] += ordered_sum(capacity.reserved_millicores[1:])
    stand[4] += 1.0


def _meter_operations(state: StandState, flow: Flow, operations: OperationView) -> None:
    latency_ms = operations.mean * 1000.0
    variance = operations.variance * 1e6
    sums = state.operation_sums
    sums[0] += flow.arrivals
    sums[1] += flow.arrivals * operations.error_ratio
    sums[2] += flow.arrivals * latency_ms
    sums[3] += flow.arrivals * (variance + latency_ms * latency_ms)


def _meter_services(graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow) -> None:
    sums = state.service_sums
    sums[0] += flow.work_ms + capacity.stress_millicores + IDLE_CPU * capacity.ready * capacity.limit_millicores
    sums[1] += capacity.limit_millicores
    sums[3] += graph.column("memory_limit_bytes")
    sums[8] += capacity.ready
    sums[9] += state.desired_replicas
    for s, rows in enumerate(graph.operation_slices):
        in_flight = flow.busy_workers[s].copy()
        received = np.zeros(state.num_stands)
        if rows.stop > rows.start:
            in_flight += ordered_sum(state.backlog[rows])
            received += ordered_sum(flow.arrivals[rows]) * REQUEST_BYTES
        service = graph.services[s]
        per_replica = in_flight / np.maximum(capacity.ready[s], 1.0)
        state.memory_per_replica[s] = service.memory_base_bytes + service.memory_per_request_bytes * per_replica
        sums[2, s] += state.memory_per_replica[s] * capacity.ready[s]
        sums[5, s] += received
        sums[6, s] += received * (RESPONSE_BYTES / REQUEST_BYTES)
        sums[7, s] += in_flight
    for h, channel in enumerate(graph.channels):
        sums[5, channel.source] += flow.channel_rate[h] * RESPONSE_BYTES
        sums[6, channel.source] += flow.channel_rate[h] * REQUEST_BYTES


def _meter_channels(state: StandState, flow: Flow, channels: ChannelView) -> None:
    sums, rate = state.channel_sums, flow.channel_rate
    sums[0] += rate
    sums[1] += rate * channels.error_ratio
    sums[2] += rate * (channels.mean * 1e3)
    sums[3] += rate * (channels.second_moment * 1e6)
    sums[4] += rate * (1.0 - 1.0 / channels.attempts)


def _meter_requests(graph: CompiledGraph, state: StandState, arrivals: Arrivals, channels: ChannelView) -> None:
    entry = graph.request_channel
    served = arrivals.offered * arrivals.admitted_ratio
    succeeded = served * (1.0 - channels.error_ratio[entry])
    limits = np.array([[j.slo_latency_milliseconds / 1e3] for j in graph.application.journeys])[graph.request_journey]
    in_time = share_within(LogNormal(channels.mu[entry], channels.sigma[entry]), limits)
    sums = state.request_sums
    sums[0] += arrivals.offered
    sums[1] += arrivals.offered - succeeded
    sums[2] += succeeded * in_time
    sums[3] += served
    sums[4] += served * (channels.mean[entry] * 1e3)
    sums[5] += served * (channels.second_moment[entry] * 1e6)
