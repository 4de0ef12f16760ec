"""Adds one tick to the sums of the current bucket. Sums, so that coarser buckets are exact sums of finer ones."""

import numpy as np

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.flow import Flow
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.latency import ChannelView, OperationView
from clusters.simulated.parameters import IDLE_CPU
from clusters.simulated.queueing import LogNormal, share_within
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState, ordered_sum
from clusters.simulated.sums import ChannelSum, OperationSum, RequestSum, ServiceSum, StandSum


def meter(
    graph: CompiledGraph,
    state: StandState,
    capacity: Capacity,
    arrivals: Arrivals,
    flow: Flow,
    operations: OperationView,
    channels: ChannelView,
) -> None:
    """Add one tick; also brings `state.memory_per_replica` up to date for the next tick's out-of-memory check."""
    _meter_operations(state, flow, operations)
    _meter_services(graph, state, capacity, flow)
    _meter_channels(state, flow, channels)
    _meter_requests(graph, state, arrivals, channels)
    sums = state.stand_sums
    limited = ~np.isnan(state.rate_limit_rps)
    sums[StandSum.OFFERED] += ordered_sum(arrivals.offered)
    sums[StandSum.RATE_LIMIT] += np.where(limited, state.rate_limit_rps, 0.0)
    sums[StandSum.RATE_LIMITED_TICKS] += limited
    # The load generator, which is the first service, belongs to the scenario.
    sums[StandSum.COST_MILLICORES] += ordered_sum(capacity.reserved_millicores[1:])


def _meter_operations(state: StandState, flow: Flow, operations: OperationView) -> None:
    latency_ms = operations.mean * 1e3
    sums = state.operation_sums
    sums[OperationSum.REQUESTS] += flow.arrivals
    sums[OperationSum.ERRORS] += flow.arrivals * operations.error_ratio
    sums[OperationSum.LATENCY] += flow.arrivals * latency_ms
    sums[OperationSum.LATENCY_SQUARED] += flow.arrivals * (operations.variance * 1e6 + latency_ms * latency_ms)


def _meter_services(graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow) -> None:
    in_flight = flow.busy_workers.copy()
    for s, rows in enumerate(graph.operation_slices):
        if rows.stop > rows.start:
            in_flight[s] += ordered_sum(state.backlog[rows])
    per_replica = in_flight / np.maximum(capacity.ready, 1.0)
    np.multiply(graph.memory_per_request_bytes, per_replica, out=state.memory_per_replica)
    state.memory_per_replica += graph.memory_base_bytes
    idle = IDLE_CPU * capacity.ready * capacity.limit_millicores
    sums = state.service_sums
    sums[ServiceSum.CPU_MILLICORES] += flow.work_ms + capacity.stress_millicores + idle
    sums[ServiceSum.CPU_LIMIT] += capacity.limit_millicores
    sums[ServiceSum.MEMORY] += state.memory_per_replica * capacity.ready
    sums[ServiceSum.MEMORY_LIMIT] += graph.memory_limit_bytes
    sums[ServiceSum.QUEUE_DEPTH] += in_flight
    sums[ServiceSum.REPLICAS_READY] += capacity.ready
    sums[ServiceSum.REPLICAS_DESIRED] += state.desired_replicas


def _meter_channels(state: StandState, flow: Flow, channels: ChannelView) -> None:
    sums, rate = state.channel_sums, flow.channel_rate
    sums[ChannelSum.REQUESTS] += rate
    sums[ChannelSum.ERRORS] += rate * channels.error_ratio
    sums[ChannelSum.LATENCY] += rate * (channels.mean * 1e3)
    sums[ChannelSum.LATENCY_SQUARED] += rate * (channels.second_moment * 1e6)
    sums[ChannelSum.RETRIES] += rate * (1.0 - 1.0 / channels.attempts)


def _meter_requests(graph: CompiledGraph, state: StandState, arrivals: Arrivals, channels: ChannelView) -> None:
    entry = graph.request_channel
    admitted = arrivals.offered * arrivals.admitted_ratio
    succeeded = admitted * (1.0 - channels.error_ratio[entry])
    in_time = share_within(LogNormal(channels.mu[entry], channels.sigma[entry]), graph.request_slo_seconds)
    sums = state.request_sums
    sums[RequestSum.OFFERED] += arrivals.offered
    sums[RequestSum.ERRORS] += arrivals.offered - succeeded
    sums[RequestSum.GOOD] += succeeded * in_time
    sums[RequestSum.ADMITTED] += admitted
    sums[RequestSum.LATENCY] += admitted * (channels.mean[entry] * 1e3)
    sums[RequestSum.LATENCY_SQUARED] += admitted * (channels.second_moment[entry] * 1e6)
