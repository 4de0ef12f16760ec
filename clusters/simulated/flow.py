"""Top-down: requests reach services, services serve what CPU and workers allow, and what is served calls downstream.

A caller's calls go out as they were reachable a tick ago (`call_rate`), so one pass from the entry down is enough.
Flows are means: a tick's Poisson noise is in the queues' own draws, and in what telemetry counts.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.graph import CompiledGraph, Level
from clusters.simulated.parameters import DRAINING_LEVEL, TICK_SECONDS
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_MAX_SURGE = np.float32(10.0)
"""A queue that is worked off passes on at most so many times its arrivals."""


class Flow(NamedTuple):
    """What moves in one tick, per second."""

    arrivals: Floats
    """[O, N] requests that come in."""
    attempts: Floats
    """[R + C, N] requests of users, and calls that operations make, with repeated attempts."""
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
    rows = (graph.num_operations, len(graph.request_channel) + graph.num_calls, *[graph.num_services] * 7)
    flow = Flow(*(np.zeros((num_rows, num_stands), dtype=np.float32) for num_rows in rows))
    for ratio in (flow.admitted_ratio, flow.service_rate, flow.cpu_rate, flow.passing):
        ratio[...] = 1.0
    return flow


def move(graph: CompiledGraph, state: StandState, capacity: Capacity, arrivals: Arrivals, flow: Flow) -> None:
    """Fill `flow`, level by level."""
    num_requests = len(graph.request_channel)
    flow.attempts[:num_requests] = arrivals.mean
    for level in graph.levels_down:
        completed = _serve(graph, level, state, capacity, flow)
        if level.calls.stop > level.calls.start:
            calls = slice(num_requests + level.calls.start, num_requests + level.calls.stop)
            np.multiply(
                completed.take(level.call_owner, axis=0), state.call_rate[level.calls], out=flow.attempts[calls]
            )


def _serve(graph: CompiledGraph, level: Level, state: StandState, capacity: Capacity, flow: Flow) -> Floats:
    """[o, N] executions of one level that get their CPU time."""
    services, operations = level.services, level.operations
    arrivals = level.arriving.sum(flow.attempts)
    flow.arrivals[operations] = arrivals
    demand = state.demand_ms[operations]
    rate, work, holding = level.by_service.sum(
        np.stack([arrivals, arrivals * demand, arrivals * state.call_seconds[operations]])
    )
    rate = np.maximum(rate, _TINY)
    ratio = np.minimum(graph.max_rate_rps[services] / rate, _ONE)
    ratio *= capacity.open_ratio[services]
    admitted = rate * ratio
    work /= rate
    cpu_ms, workers = capacity.cpu_ms[services], capacity.workers[services]
    cpu_rate = np.maximum(cpu_ms / np.maximum(work, _TINY), _TINY)
    # A worker is held for the CPU time at full speed and for what comes after it.
    hold = work * capacity.cpu_servers[services] / np.maximum(cpu_ms, _TINY)
    hold += holding / rate
    service_rate = np.minimum(cpu_rate, workers / np.maximum(hold, _TINY))
    np.maximum(service_rate, _TINY, out=service_rate)
    slack = np.maximum(service_rate - admitted, _TINY)
    excess = state.backlog[services] - np.float32(0.5 * DRAINING_LEVEL) * (admitted + service_rate) / slack
    draining = np.maximum(excess, _ZERO)
    draining *= np.float32(1.0 / TICK_SECONDS)
    draining += admitted
    served = np.minimum(draining, service_rate, out=draining)
    passing = served / np.maximum(admitted, _TINY)
    np.minimum(passing, _MAX_SURGE, out=passing)
    flow.admitted[services] = admitted
    flow.admitted_ratio[services] = ratio
    flow.work_ms[services] = work * admitted
    flow.service_rate[services] = service_rate
    flow.cpu_rate[services] = cpu_rate
    flow.served[services] = served
    flow.passing[services] = passing
    completed: Floats = arrivals * (ratio * passing).take(level.operation_service, axis=0)
    return completed
