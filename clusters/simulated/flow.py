"""Top-down: requests reach services, services serve what CPU and workers allow, and what is served calls downstream.

A caller's calls go out as they were reachable a tick ago and as earlier ones are stuck (`throttling`). What is stuck
depends on the flows, and they on it: with the rates of the last tick requests flow down, then with the rates that
follow from that, and at last with the mean of these rates and of those that follow from them in turn, because
successive rounds lie on both sides of where they would settle.
Flows are means: a tick's Poisson noise is in the queues' own draws, and in what telemetry counts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.graph import CompiledGraph, Level
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState
from clusters.simulated.throttling import call_rates, served_rate
from clusters.simulated.worker_limits import Held, WorkerLimit, worker_limit

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
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
    pole: Floats
    """[S, N] requests that no number of workers could exceed."""
    stations: Floats
    """[S, N] queues of the network in which workers are held."""
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
        *[num_services] * 9,
    )
    flow = Flow(*(np.zeros((num_rows, num_stands), dtype=np.float32) for num_rows in rows))
    for ratio in (flow.admitted_ratio, flow.service_rate, flow.cpu_rate, flow.pole, flow.stations, flow.passing):
        ratio[...] = 1.0
    return flow


def move(graph: CompiledGraph, state: StandState, capacity: Capacity, arrivals: Arrivals, flow: Flow) -> None:
    """Fill `flow`; `sent_rate` and `work_per_request` of the state are brought up to date."""
    flow.attempts[: len(graph.request_channel)] = arrivals.mean
    flow.call_rate[...] = state.sent_rate
    _flow_down(graph, state, capacity, flow)
    first = call_rates(graph, state, flow.admitted, flow.served)
    flow.call_rate[...] = first
    _flow_down(graph, state, capacity, flow)
    first += call_rates(graph, state, flow.admitted, flow.served)
    np.multiply(first, _HALF, out=flow.call_rate)
    _flow_down(graph, state, capacity, flow)
    state.sent_rate[...] = flow.call_rate
    flow.channel_rate[...] = graph.channel_calls.sum(flow.attempts)


def limit_of(flow: Flow) -> WorkerLimit:
    """What CPU and workers allowed in this tick."""
    return WorkerLimit(flow.service_rate, flow.cpu_rate, flow.pole, flow.stations)


def _flow_down(graph: CompiledGraph, state: StandState, capacity: Capacity, flow: Flow) -> None:
    """Let the users' requests flow down, level by level."""
    num_requests = len(graph.request_channel)
    for level in graph.levels_down:
        completed = _serve(graph, level, state, capacity, flow)
        calls = level.calls
        if calls.stop > calls.start:
            out = flow.attempts[num_requests + calls.start : num_requests + calls.stop]
            np.multiply(completed.take(level.call_owner, axis=0), flow.call_rate[calls], out=out)


def _serve(graph: CompiledGraph, level: Level, state: StandState, capacity: Capacity, flow: Flow) -> Floats:
    """[o, N] executions of one level that get their CPU time."""
    services, operations = level.services, level.operations
    asked = np.empty((2, operations.stop - operations.start, state.num_stands), dtype=np.float32)
    arrivals = asked[0]
    arrivals[...] = level.arriving.sum(flow.attempts)
    np.multiply(arrivals, state.demand_ms[operations], out=asked[1])
    flow.arrivals[operations] = arrivals
    rate, work = level.by_service.sum(asked)
    rate = np.maximum(rate, _TINY)
    state.work_per_request[services] = work = work / rate
    ratio = flow.admitted_ratio[services]
    ratio[...] = capacity.open_ratio[services]
    if level.is_limited:
        ratio *= np.minimum(graph.max_rate_rps[services] / rate, _ONE)
    admitted = np.multiply(rate, ratio, out=flow.admitted[services])
    np.multiply(work, admitted, out=flow.work_ms[services])
    here = Capacity(*(values[services] for values in capacity))
    held = Held(
        state.held_seconds[services],
        state.held_slope[services],
        state.held_rate[services],
        state.held_stuck[services],
        here.workers - state.held[services] - state.backlog[services],
    )
    limit = worker_limit(here, work, held)
    for values, row in zip(limit_of(flow), limit, strict=True):
        values[services] = row
    can = limit.rate
    served = served_rate(state.backlog[services], admitted, can)
    flow.served[services] = served
    passing = np.divide(served, np.maximum(admitted, _TINY), out=flow.passing[services])
    np.minimum(passing, _MAX_SURGE, out=passing)
    completed: Floats = arrivals * (ratio * passing).take(level.operation_service, axis=0)
    return completed
