"""Bottom-up: from waiting and computing at the leaves to what callers, and in the end users, see.

An operation's time is its wait, its own work and its calls one after the other. Requests are conserved: a caller holds
the requests it waits for, as many as its share of the callee's (Little's law, tick by tick), so an overload downstream
is seen in every service above it. What callers find next tick (which later calls are reached, retries, and how long
workers are held in steady state, which is what worker limits can build on: queues as drawn are made by the workers
whose pace they would set) is stored in the state.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.calls import NUM_INPUTS
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.latency import fill_latency
from clusters.simulated.kernels.latency_arrays import NUM_SERVICE_ROWS, Latency, LatencyRoom, Seen
from clusters.simulated.kernels.look_ahead import look_ahead
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]


def empty_latency(graph: CompiledGraph, num_stands: int) -> Latency:
    """Arrays to be filled."""
    rows = [graph.num_operations] * 3 + [graph.num_channels] * 6
    return Latency(*(np.zeros((num_rows, num_stands), dtype=np.float32) for num_rows in rows))


def look_up(
    index: Index,
    state: StandState,
    capacity: Capacity,
    flow: Flow,
    number: Floats,
    waits: Floats,
    refused_ratio: Floats,
    latency: Latency,
) -> None:
    """Fill `latency`, leaves first; updates what the state keeps for the next tick.

    Args:
        index: of the graph.
        state: its `call_seconds`, `call_rate`, `held...`, `steady...`, `room` and `entry_seconds` are written.
        capacity: of the tick.
        flow: of the tick.
        number: [S, N] requests that compute, or wait for a worker; no more are left than the line has places for.
        waits: [S, N] share of the requests that wait for a worker; 1 where the CPU is scarcest.
        refused_ratio: [S, N] requests that are turned away or die, of those that come in.
        latency: to be filled.
    """
    num_stands = state.num_stands
    room = LatencyRoom(
        services=np.empty((NUM_SERVICE_ROWS, *number.shape), dtype=np.float32),
        edge_rate=np.empty_like(state.edge_loss),
        visits=np.empty_like(flow.channel_rate),
        rows=np.empty((NUM_INPUTS, num_stands), dtype=np.float32),
        outputs=np.empty((4, num_stands), dtype=np.float32),
        near=np.empty((2, num_stands), dtype=np.int32),
    )
    seen = Seen(*(getattr(state, name) for name in Seen._fields))
    fill_latency(index, seen, capacity, flow, number, waits, refused_ratio, latency, room)
    look_ahead(index, seen, capacity, flow, latency, room)
