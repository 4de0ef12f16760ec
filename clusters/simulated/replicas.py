"""Life of replicas: starting, cold, warm, killed, out of memory, rolled; and the capacity they add up to.

Little of it happens in most stands: only the columns of stands in which a replica starts, warms up or dies are touched.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.erlang import ROW_LENGTH, server_middles
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.capacity import (
    Capacity,
    CapacityMarks,
    Replicas,
    pass_time_of_replicas,
    refresh_capacity,
)
from clusters.simulated.kernels.deaths import replace_dead
from clusters.simulated.kernels.events import find_killed, find_starved
from clusters.simulated.parameters import COLD_SECONDS, TICK_SECONDS
from clusters.simulated.randomness import KILL_STREAM, uniforms
from clusters.simulated.replica_set import lose_requests, mortal, start_at
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEventReason, PodEventSink

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


class CapacityTable:
    """The capacity of N stands, recomputed only where it may have changed."""

    def __init__(self, graph: CompiledGraph, num_stands: int) -> None:
        shape = (graph.num_services, num_stands)
        self._graph = graph
        self._values = np.zeros((len(Capacity._fields), *shape), dtype=np.float32)
        self.now = Capacity(*self._values)
        self.server_rows = np.zeros(shape, dtype=np.int64)
        """[S, N] where the queues stand in the table of `erlang`."""
        self._marks = CapacityMarks(
            is_stale=np.ones(num_stands, dtype=np.bool_),
            is_timed=np.zeros(shape, dtype=np.bool_),
            is_due=np.zeros(shape, dtype=np.bool_),
        )
        self.is_stale, self.is_timed, self.is_due = self._marks

    def of(self, columns: Ints) -> Capacity:
        """Of some stands."""
        return Capacity(*self._values.take(columns, axis=-1))

    def refresh(self, state: StandState) -> None:
        """Bring what is stale or due up to date."""
        refresh_capacity(
            Replicas(*(getattr(state, name) for name in Replicas._fields)),
            self._graph.workers_per_replica,
            self._graph.is_consumer,
            server_middles(),
            ROW_LENGTH,
            self._marks,
            self._values,
            self.server_rows,
        )


def capacity(graph: CompiledGraph, state: StandState) -> Capacity:
    """Add up the replicas of all stands."""
    table = CapacityTable(graph, state.num_stands)
    table.refresh(state)
    return table.now


def advance_replicas(graph: CompiledGraph, state: StandState, table: CapacityTable, events: PodEventSink) -> None:
    """What happens to replicas at the start of a tick: the next is rolled, one is killed, one runs out of memory."""
    if state.roll.any():
        rolling = state.roll.any(axis=0)
        _roll_next(graph, state, np.flatnonzero(rolling.any(axis=0)), events)
        table.is_due[rolling] = True
    pairs = np.empty((2, state.backlog.size), dtype=np.int64)
    num_due = find_killed(state.tick, state.kill_next, pairs)
    if num_due:
        table.is_due[pairs[0, :num_due], pairs[1, :num_due]] = True
        _kill(graph, state, pairs, num_due, events)
    num_starved = find_starved(state.memory_per_replica, state.memory_limit, pairs)
    if num_starved:
        table.is_due[pairs[0, :num_starved], pairs[1, :num_starved]] = True
        # The first ready one goes; the next goes a tick later unless memory fell.
        alike = np.zeros((len(state.present), num_starved))
        _replace_dead(graph, state, alike, pairs, PodEventReason.OOM_KILLED, events)


def pass_time(state: StandState, table: CapacityTable) -> None:
    """Let a tick pass for the replicas that start or warm up."""
    pass_time_of_replicas(state.timer, table.is_timed, table.is_due)


def _roll_next(graph: CompiledGraph, state: StandState, columns: Ints, events: PodEventSink) -> None:
    """Replace the next old replica of each service where no other one is starting. It drains: nothing is lost."""
    present, roll = state.present[..., columns], state.roll[..., columns]
    is_starting = (present & (state.timer[..., columns] > COLD_SECONDS)).any(axis=0)
    first = _first(roll & present & ~is_starting)
    services, where = np.nonzero(first.any(axis=0) & (present.sum(axis=0) <= 1))
    lose_requests(graph, state, services, columns[where], 1.0)
    slots, services, where = np.nonzero(first)
    state.leaked_bytes[services, columns[where]] *= 1.0 - 1.0 / present.sum(axis=0)[services, where]
    start_at(graph, state, slots, services, columns[where])
    _note(state, events, PodEventReason.KILLING, services, columns[where])
    _note(state, events, PodEventReason.STARTED, services, columns[where])


def _kill(graph: CompiledGraph, state: StandState, pairs: Ints, count: int, events: PodEventSink) -> None:
    """Kill one ready replica of each service that is due; which one is drawn."""
    services, stands = pairs[0, :count].copy(), pairs[1, :count].copy()
    slots = np.arange(len(state.present))[:, None]
    drawn = uniforms(state.seed[stands], state.tick[stands], KILL_STREAM + slots * graph.num_services + services)
    _replace_dead(graph, state, drawn, pairs, PodEventReason.KILLING, events)
    state.kill_next[services, stands] += state.kill_period[services, stands] / np.float32(TICK_SECONDS)


def _replace_dead(
    graph: CompiledGraph,
    state: StandState,
    rank: NDArray[np.float64],
    pairs: Ints,
    reason: PodEventReason,
    events: PodEventSink,
) -> None:
    """Of the first pairs, as many as `rank` [K, P] has, the ready replica of the highest rank dies and is replaced."""
    num_dead = replace_dead(mortal(state), graph.is_consumer, graph.startup_seconds, rank, pairs, rank.shape[1])
    services, stands = pairs[0, :num_dead].copy(), pairs[1, :num_dead].copy()
    _note(state, events, reason, services, stands)
    _note(state, events, PodEventReason.STARTED, services, stands)


def _note(state: StandState, events: PodEventSink, reason: PodEventReason, services: Ints, stands: Ints) -> None:
    if len(services):
        events.note_pairs(reason, state.tick, services, stands, np.ones(len(services), dtype=np.int64))


def _first(slots: Bools) -> Bools:
    """[K, S, N] only the first of the marked slots of each service."""
    first: Bools = slots & (np.cumsum(slots, axis=0) == 1)
    return first
