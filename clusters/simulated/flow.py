"""Top-down: requests reach services, services serve what CPU and workers allow, and what is served calls downstream.

A caller's calls go out as they were reachable a tick ago and as they are foreseen to be stuck (`throttling`), so one
pass from the entry down is enough.
Flows are means: a tick's Poisson noise is in the queues' own draws, and in what telemetry counts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.graph import CompiledGraph, Level
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState
from clusters.simulated.throttling import call_rates, served_rate, service_rate

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)
_ONE = np.float32(1.0)
_MAX_SURGE = np.float32(10.0)
"""A queue that is worked off passes on at most so many times its arrivals."""


class Flow(NamedTuple):
    """What moves in one tick, per second."""

    arrivals: Floats
    """[O, N] requests that come in."""
    attempts: Floats
    """[R + C, N] requests of users, and calls that operations make, with repeated attempts."""
    call_rate: Floats
    """[C, N] attempts per execution of the caller."""
    channel_rate: Floats
    """[H, N] attempts."""
    admitted: Floats
    """[S, N] requests that are let in."""
    admitted_ratio: Floats
    """[S, N] of all that come in."""
    work_ms: Floats
    """[S, N] CPU time that the admitted ask for."""
    service_rate: Floats
    """[S, N] requests that CPU and workers allow."""
    cpu_rate: Floats
    """[S, N] requests that the CPU allows."""
    served: Floats
    """[S, N] requests that get their CPU time."""
    passing: Floats
    """[S, N] the served over the admitted: below 1 where the backlog grows."""


def empty_flow(graph: CompiledGraph, num_stands: int) -> Flow:
    """Arrays to be filled. The load generator, which nobody calls, keeps its row: an idle queue."""
    num_services, num_calls = graph.num_services, graph.num_calls
    rows = (
        graph.num_operations,
        len(graph.request_channel) + num_calls,
        num_calls,
        graph.num_channels,
        *[num_services] * 7,
    )
    flow = Flow(*(np.zeros((num_rows, num_stands), dtype=np.float32) for num_rows in rows))
    for ratio in (flow.admitted_ratio, flow.service_rate, flow.cpu_rate, flow.passing):
        ratio[...] = 1.0
    return flow


def move(graph: CompiledGraph, state: StandState, capacity: Capacity, arrivals: Arrivals, flow: Flow) -> None:
    """Fill `flow`, level by level."""
    num_requests = len(graph.request_channel)
    flow.attempts[:num_requests] = arrivals.mean
    flow.call_rate[...] = call_rates(graph, state, capacity, arrivals.mean)
    for level in graph.levels_down:
        completed = _serve(graph, level, state, capacity, flow)
        calls = level.calls
        if calls.stop > calls.start:
            out = flow.attempts[num_requests + calls.start : num_requests + calls.stop]
            np.multiply(completed.take(level.call_owner, axis=0), flow.call_rate[calls], out=out)
    flow.channel_rate[...] = graph.channel_calls.sum(flow.attempts)


def _serve(graph: CompiledGraph, level: Level, state: StandState, capacity: Capacity, flow: Flow) -> Floats:
    """[o, N] executions of one level that get their CPU time."""
    services, operations = level.services, level.operations
    asked = np.empty((3, operations.stop - operations.start, state.num_stands), dtype=np.float32)
    arrivals = asked[0]
    arrivals[...] = level.arriving.sum(flow.attempts)
    np.multiply(arrivals, state.demand_ms[operations], out=asked[1])
    np.multiply(arrivals, state.least_call_seconds[operations], out=asked[2])
    flow.arrivals[operations] = arrivals
    rate, work, hold = level.by_service.sum(asked)
    rate = np.maximum(rate, _TINY)
    state.work_per_request[services] = work = work / rate
    state.hold_per_request[services] = hold = hold / rate
    ratio = flow.admitted_ratio[services]
    ratio[...] = capacity.open_ratio[services]
    if level.is_limited:
        ratio *= np.minimum(graph.max_rate_rps[services] / rate, _ONE)
    admitted = np.multiply(rate, ratio, out=flow.admitted[services])
    state.arrival_rate[services] = admitted
    np.multiply(work, admitted, out=flow.work_ms[services])
    here = Capacity(*(values[services] for values in capacity))
    can, flow.cpu_rate[services] = service_rate(
        here,
        work,
        hold,
        state.held_seconds[services],
    )
    flow.service_rate[services] = can
    served = served_rate(state.backlog[services], admitted, can)
    flow.served[services] = served
    passing = np.divide(served, np.maximum(admitted, _TINY), out=flow.passing[services])
    np.minimum(passing, _MAX_SURGE, out=passing)
    completed: Floats = arrivals * (ratio * passing).take(level.operation_service, axis=0)
    return completed
