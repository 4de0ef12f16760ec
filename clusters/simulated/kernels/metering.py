"""Adds one tick to the sums of the current bucket, and carries memory and the autoscalers' CPU use on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import exponential, greater, lesser, logarithm_of_one_and
from clusters.simulated.kernels.arrivals import Arrivals
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.drawn import Drawn
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.latency_arrays import Latency
from clusters.simulated.parameters import IDLE_CPU, SCALER_MEMORY, TICK_SECONDS
from clusters.simulated.queueing import QueueStep
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, RequestSum, ServiceSum

Floats = NDArray[np.float32]

_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_TICK = np.float32(TICK_SECONDS)
_MILLISECONDS = np.float32(1e3)
_LEAST = np.float32(1e-3)
_IDLE_CPU, _SCALER_MEMORY = np.float32(IDLE_CPU), np.float32(SCALER_MEMORY)
_SCALER_NEWS = np.float32(1.0 - SCALER_MEMORY)
_HELD_SCATTER = np.float32(0.4 / TICK_SECONDS)
"""Squared coefficient of variation of the time that a request waits for several calls, over the tick."""

_REQUESTS, _ERRORS = int(OperationSum.REQUESTS), int(OperationSum.ERRORS)
_LATENCY, _OWN = int(OperationSum.LATENCY), int(OperationSum.OWN)
_ATTEMPTS, _CALL_ERRORS = int(ChannelSum.REQUESTS), int(ChannelSum.ERRORS)
_CALL_LATENCY, _RETRIES = int(ChannelSum.LATENCY), int(ChannelSum.RETRIES)
_OFFERED, _ADMITTED = int(RequestSum.OFFERED), int(RequestSum.ADMITTED)
_SUCCEEDED, _USER_LATENCY = int(RequestSum.SUCCEEDED), int(RequestSum.LATENCY)
_CPU, _MEMORY, _DEPTH = int(ServiceSum.CPU_MILLICORES), int(ServiceSum.MEMORY), int(ServiceSum.QUEUE_DEPTH)
_READY, _UTILISATION = int(ServiceSum.REPLICAS_READY), int(ServiceSum.UTILISATION)
_CALM, _CPU_SERVERS = int(ServiceSum.CALM), int(ServiceSum.CPU_SERVERS)


class Meters(NamedTuple):
    """What of the state a tick is added to, and what that takes."""

    operation_sums: Floats
    service_sums: Floats
    channel_sums: Floats
    request_sums: Floats
    scaler_usage: Floats
    leaked_bytes: Floats
    memory_per_replica: Floats
    held: Floats
    leak_bytes_per_request: Floats
    leak_bytes_per_second: Floats
    memory_stress: Floats
    memory_limit: Floats


@compiled
def add_tick(
    index: Index,
    meters: Meters,
    capacity: Capacity,
    arrivals: Arrivals,
    flow: Flow,
    drawn: Drawn,
    step: QueueStep,
    latency: Latency,
    draw: Floats,
) -> None:
    """Add one tick; `draw` is [S, N] standard normal."""
    num_stands = draw.shape[1]
    for o in range(flow.arrivals.shape[0]):
        sums = meters.operation_sums
        for n in range(num_stands):
            requests = flow.arrivals[o, n] * drawn.operations[o, n]
            sums[_REQUESTS, o, n] += requests
            sums[_ERRORS, o, n] += requests * latency.error_ratio[o, n]
            sums[_LATENCY, o, n] += requests * latency.mean[o, n]
            sums[_OWN, o, n] += requests * latency.own[o, n]
    for h in range(flow.channel_rate.shape[0]):
        sums = meters.channel_sums
        for n in range(num_stands):
            attempts = flow.channel_rate[h, n] * drawn.channels[h, n]
            sums[_ATTEMPTS, h, n] += attempts
            sums[_CALL_ERRORS, h, n] += attempts * latency.call_error_ratio[h, n]
            sums[_CALL_LATENCY, h, n] += attempts * latency.call_mean[h, n]
            sums[_RETRIES, h, n] += attempts * (_ONE - _ONE / latency.call_attempts[h, n])
    for r in range(arrivals.sent.shape[0]):
        h, sums = index.request_channel[r], meters.request_sums
        for n in range(num_stands):
            admitted = arrivals.sent[r, n] * arrivals.admitted_ratio[n]
            sums[_OFFERED, r, n] += arrivals.planned[r, n]
            sums[_ADMITTED, r, n] += admitted
            sums[_SUCCEEDED, r, n] += admitted * (_ONE - latency.call_error_ratio[h, n])
            sums[_USER_LATENCY, r, n] += admitted * latency.call_mean[h, n] * _MILLISECONDS
    for s in range(draw.shape[0]):
        _add_use(meters, capacity, flow, drawn.services, s)
        _add_service(index, meters, capacity, flow, drawn.services, step, draw, s)


@inlined
def _add_use(meters: Meters, capacity: Capacity, flow: Flow, noise: Floats, s: int) -> None:
    """CPU of one service: of requests, of stressors, of idle replicas."""
    sums = meters.service_sums
    for n in range(noise.shape[1]):
        work = lesser(flow.work_ms[s, n] * flow.passing[s, n] * noise[s, n], capacity.cpu_ms[s, n])
        idle = _IDLE_CPU * capacity.ready[s, n] * capacity.limit_millicores[s, n]
        used = work + capacity.stress_millicores[s, n] + idle
        meters.scaler_usage[s, n] = meters.scaler_usage[s, n] * _SCALER_MEMORY + _SCALER_NEWS * used
        sums[_CPU, s, n] += used
        sums[_UTILISATION, s, n] += lesser(flow.admitted[s, n] / flow.cpu_rate[s, n], _ONE)
        sums[_READY, s, n] += capacity.ready[s, n]
        sums[_CPU_SERVERS, s, n] += capacity.cpu_servers[s, n]


@inlined
def _add_service(
    index: Index,
    meters: Meters,
    capacity: Capacity,
    flow: Flow,
    noise: Floats,
    step: QueueStep,
    draw: Floats,
    s: int,
) -> None:
    """Requests in one service, and its memory: base, requests in the service, what leaked, what a stressor holds.

    Of those that wait for downstream, with the noise of how many came and how long each takes: over a tick their mean
    number is a sum of as many times as requests came, so its variance is rate x E[T^2] / tick. Messages wait at the
    broker, not in memory.
    """
    sums, is_consumer = meters.service_sums, index.is_consumer[s]
    per_request, base = index.memory_per_request_bytes[s], index.memory_base_bytes[s]
    for n in range(draw.shape[1]):
        held = meters.held[s, n]
        variance = held / greater(flow.served[s, n], _LEAST) * _HELD_SCATTER / greater(held, _LEAST)
        variance = logarithm_of_one_and(variance)
        drawn = exponential(np.sqrt(variance) * draw[s, n] - variance * _HALF) * held
        drawn *= _ONE + (noise[s, n] - _ONE) * step.calm_ratio[s, n]
        inside = drawn + step.number[s, n]
        ready = capacity.ready[s, n]
        replicas = greater(ready, _ONE)
        leak = meters.leak_bytes_per_request[s, n] * flow.admitted[s, n] / replicas + meters.leak_bytes_per_second[s, n]
        leaked = meters.leaked_bytes[s, n] + leak * _TICK
        limit = meters.memory_limit[s, n]
        in_memory = lesser(inside, capacity.workers[s, n]) if is_consumer else inside
        memory = in_memory / replicas * per_request + base + leaked + meters.memory_stress[s, n] * limit
        meters.leaked_bytes[s, n] = leaked
        meters.memory_per_replica[s, n] = memory
        # A container is killed at its limit; that it was above it is found at the end of the tick.
        sums[_MEMORY, s, n] += lesser(memory, limit) * ready
        sums[_DEPTH, s, n] += inside
        sums[_CALM, s, n] += step.calm_ratio[s, n]
