"""Top-down: requests reach queues, queues serve what CPU and workers allow, and what is served calls downstream.

A caller's calls go out as they were reachable a tick ago (`call_rate`), so one pass from the entry down is enough.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import Arrivals
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import LOAD_MEMORY
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState, ordered_sum

Floats = NDArray[np.float64]

_TINY = 1e-12


class Flow(NamedTuple):
    """What moved in one tick."""

    arrivals: Floats
    """[O, N] requests that came in."""
    served: Floats
    """[O, N] executions that started and took their CPU time."""
    refused: Floats
    """[S, N] requests turned away: no replica ready, or the queue was full."""
    refused_ratio: Floats
    """[S, N] share of arrivals that was refused, or died in flight with a replica."""
    backlog_seconds: Floats
    """[S, N] time to work off what is left waiting."""
    channel_rate: Floats
    """[H, N] attempts."""
    work_ms: Floats
    """[S, N] CPU time spent on requests."""
    busy_workers: Floats
    """[S, N]"""


def move(graph: CompiledGraph, state: StandState, capacity: Capacity, arrivals: Arrivals) -> Flow:
    """Move one tick's requests through the graph; updates the backlogs and the smoothed loads."""
    num_stands = state.num_stands
    shape = (graph.num_services, num_stands)
    incoming = np.zeros((graph.num_operations, num_stands))
    served = np.zeros_like(incoming)
    channel_rate = np.zeros((graph.num_channels, num_stands))
    flow = Flow(
        arrivals=incoming,
        served=served,
        refused=np.zeros(shape),
        refused_ratio=np.zeros(shape),
        backlog_seconds=np.zeros(shape),
        channel_rate=channel_rate,
        work_ms=np.zeros(shape),
        busy_workers=np.zeros(shape),
    )
    for r, h in enumerate(graph.request_channel):
        admitted = arrivals.offered[r] * arrivals.admitted_ratio
        incoming[graph.channels[h].operation] += admitted
        channel_rate[h] += admitted
    totals = np.zeros((5, *shape))
    for s, operations in enumerate(graph.operation_slices):
        if operations.stop > operations.start:
            _serve(s, operations, state, capacity, flow, totals)
            for o in range(operations.start, operations.stop):
                for call in graph.calls[o]:
                    attempts = served[o] * state.call_rate[call.index]
                    incoming[call.operation] += attempts
                    channel_rate[call.channel] += attempts
    _smooth_loads(state, flow, totals)
    return flow


def _serve(
    s: int, operations: slice, state: StandState, capacity: Capacity, flow: Flow, totals: NDArray[np.float64]
) -> None:
    """One service's tick: all it may do is min(CPU / CPU asked for, workers / worker time asked for)."""
    incoming, demand, hold = flow.arrivals[operations], state.demand_ms[operations], state.hold_seconds[operations]
    backlog = state.backlog[operations]
    total, work, worker = ordered_sum(incoming), ordered_sum(incoming * demand), ordered_sum(incoming * hold)
    waiting = backlog + incoming
    work_asked, worker_asked = ordered_sum(waiting * demand), ordered_sum(waiting * hold)
    load = np.maximum(
        work_asked / np.maximum(capacity.cpu_ms[s], _TINY), worker_asked / np.maximum(capacity.workers[s], _TINY)
    )
    served_share = 1.0 / np.maximum(load, 1.0)
    served = waiting * served_share
    left = waiting - served
    num_left = ordered_sum(left)
    kept_share = np.minimum(1.0, capacity.queue_bound[s] / np.maximum(num_left, _TINY))
    np.multiply(left, kept_share, out=backlog)
    flow.served[operations] = served
    flow.refused[s] = num_left * (1.0 - kept_share)
    flow.backlog_seconds[s] = np.maximum(load - 1.0, 0.0) * kept_share
    flow.work_ms[s] = work_asked * served_share
    flow.busy_workers[s] = worker_asked * served_share
    totals[0, s], totals[1, s], totals[2, s] = total, work, worker
    totals[3, s], totals[4, s] = ordered_sum(served), total - flow.refused[s]


def _smooth_loads(state: StandState, flow: Flow, totals: NDArray[np.float64]) -> None:
    arrivals = totals[0]
    lost = flow.refused + state.lost
    np.copyto(flow.refused_ratio, np.minimum(1.0, lost / np.maximum(arrivals, _TINY)))
    averages = (state.arrival_ema, state.work_ema, state.worker_ema, state.served_ema, state.accepted_ema)
    for average, total in zip(averages, totals, strict=True):
        average *= LOAD_MEMORY
        average += (1.0 - LOAD_MEMORY) * total
