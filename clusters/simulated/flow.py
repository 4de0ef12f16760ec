"""Top-down: requests reach services, services serve what CPU and workers allow, and what is served calls downstream.

A caller's calls go out as they were reachable a tick ago and as earlier ones are stuck. What is stuck depends on the
flows, and they on it: with the rates of the last tick requests flow down, then with the rates that follow from that,
and at last with the mean of these rates and of those that follow from them in turn, because successive rounds lie on
both sides of where they would settle.
Flows are means: a tick's Poisson noise is in the queues' own draws, and in what telemetry counts (`kernels.drawn`).
"""

import numpy as np

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.arrivals import Arrivals
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.drawn import Drawn
from clusters.simulated.kernels.flow import Flow, FlowRoom, Moving, fill_flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.worker_limits import WorkerLimit
from clusters.simulated.state import StandState


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


def empty_drawn(graph: CompiledGraph, num_stands: int) -> Drawn:
    """Arrays to be filled."""
    num_rows = len(graph.request_channel) + graph.num_calls
    rows = (graph.num_operations, graph.num_channels, graph.num_services, num_rows)
    return Drawn(*(np.empty((number, num_stands), dtype=np.float32) for number in rows))


def move(index: Index, state: StandState, capacity: Capacity, arrivals: Arrivals, flow: Flow) -> None:
    """Fill `flow`; `sent_rate` and `work_per_request` of the state are brought up to date."""
    room = FlowRoom(
        rows=np.empty((2, state.num_stands), dtype=np.float32),
        through=np.empty_like(flow.arrivals),
    )
    moving = Moving(*(getattr(state, name) for name in Moving._fields))
    fill_flow(index, moving, capacity, arrivals.mean, flow, room)


def limit_of(flow: Flow) -> WorkerLimit:
    """What CPU and workers allowed in this tick."""
    return WorkerLimit(flow.service_rate, flow.cpu_rate, flow.pole, flow.stations)
