"""One tick: events -> arrivals -> flow down -> queues -> latency up -> sums of the bucket."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.arrivals import draw_arrivals
from clusters.simulated.autoscaler import advance_autoscalers
from clusters.simulated.flow import empty_drawn, empty_flow, limit_of, move
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.drawn import Drawn, fill_drawn, share_noise
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index, index_of
from clusters.simulated.kernels.latency_arrays import Latency
from clusters.simulated.kernels.queue_bounds import bound_queues, fill_refused
from clusters.simulated.latency import empty_latency, look_up
from clusters.simulated.queueing import Draws, step_queues
from clusters.simulated.randomness import tick_noise
from clusters.simulated.replicas import CapacityTable, advance_replicas, pass_time
from clusters.simulated.rules.effects import apply_effects
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEventSink
from clusters.simulated.telemetry.metering import meter
from clusters.simulated.worker_limits import lines

_KEPT_BYTES = 30 << 20
"""A block of this size, freed once, makes the allocator keep what a tick frees (glibc raises its thresholds to what was
freed, up to 32 MiB). Else every tick gives its temporaries back to the kernel and faults their pages in again."""


@dataclass(kw_only=True)
class Workspace:
    """What a tick computes and the next one overwrites; only `capacity` is kept, and may be computed anew."""

    index: Index
    is_exponential: NDArray[np.bool_]
    """[R + 4 S] rows of noise: the dips of queues."""
    capacity: CapacityTable
    flow: Flow
    drawn: Drawn
    latency: Latency


def workspace(graph: CompiledGraph, num_stands: int) -> Workspace:
    """Room for N stands."""
    np.empty(_KEPT_BYTES, dtype=np.uint8)
    noise_rows = np.arange(len(graph.request_channel) + 4 * graph.num_services)
    return Workspace(
        index=index_of(graph),
        is_exponential=(noise_rows - len(graph.request_channel)) // graph.num_services == 1,
        capacity=CapacityTable(graph, num_stands),
        flow=empty_flow(graph, num_stands),
        drawn=empty_drawn(graph, num_stands),
        latency=empty_latency(graph, num_stands),
    )


def advance_tick(graph: CompiledGraph, state: StandState, work: Workspace, events: PodEventSink) -> None:
    """Advance every stand in `state` by one tick."""
    table, flow = work.capacity, work.flow
    _let_happen(graph, state, table, events)
    noise = tick_noise(state.seed, state.tick, work.is_exponential)
    of_requests, of_services = noise[: len(state.mix)], noise[len(state.mix) :]
    moves, dips, averages, memory = of_services.reshape(4, graph.num_services, -1)
    arrivals = draw_arrivals(state, of_requests)
    move(work.index, state, table.now, arrivals, flow)
    fill_drawn(work.index, flow, arrivals.drawn, moves, work.drawn)
    share_noise(work.index, flow, work.drawn, moves)
    most = np.empty((3, *state.room.shape), dtype=np.float32)
    bound_queues(work.index, graph.patience_seconds, table.now, flow, state.held, state.backlog, state.room, most)
    line = lines(table.now, limit_of(flow), flow.admitted, table.server_rows, most[2])
    step = step_queues(
        state.backlog,
        flow.admitted,
        flow.service_rate,
        line.computing,
        line.server_rows,
        table.server_rows,
        most[0],
        most[1],
        most[2],
        work.drawn.services,
        Draws(move=moves, dip=dips, average=averages),
    )
    state.backlog[...] = step.backlog
    refused = np.empty_like(step.overflow)
    fill_refused(flow, step.overflow, state.lost, refused)
    look_up(work.index, state, table.now, flow, step.number, line.waits, refused, work.latency)
    meter(work.index, state, table.now, arrivals, flow, work.drawn, step, work.latency, memory)
    pass_time(state, table)
    state.lost[...] = 0.0
    state.tick += 1


def _let_happen(graph: CompiledGraph, state: StandState, table: CapacityTable, events: PodEventSink) -> None:
    """What is due: effects that settle, autoscalers, kills, roll-outs; and the capacity after it."""
    table.refresh(state)
    for stand in np.flatnonzero(state.effects_due <= state.tick):
        apply_effects(graph, state, int(stand))
    if advance_autoscalers(graph, state, table.now.ready, events):
        table.is_due |= ~np.isnan(state.scaler_target)
    advance_replicas(graph, state, table, events)
    table.refresh(state)
