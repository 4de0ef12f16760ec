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
from clusters.simulated.kernels.events import find_killed, find_starved
from clusters.simulated.parameters import COLD_SECONDS, TICK_SECONDS
from clusters.simulated.randomness import KILL_STREAM, uniforms
from clusters.simulated.replica_set import lose_requests, start_at
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEventReason, PodEventSink
from clusters.simulated.telemetry.sums import ServiceSum

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
    due = pairs[:, : find_killed(state.tick, state.kill_next, pairs)]
    if due.size:
        _kill(graph, state, due[0], due[1], events)
        table.is_due[due[0], due[1]] = True
    starved = pairs[:, : find_starved(state.memory_per_replica, state.memory_limit, pairs)]
    if starved.size:
        _out_of_memory(graph, state, starved[0], starved[1], events)
        table.is_due[starved[0], starved[1]] = True


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


def _kill(graph: CompiledGraph, state: StandState, services: Ints, stands: Ints, events: PodEventSink) -> None:
    """Kill one ready replica of each service that is due; which one is drawn."""
    num_slots = len(state.present)
    streams = KILL_STREAM + np.arange(num_slots * graph.num_services)
    drawn = uniforms(state.seed[stands], state.tick[stands], streams)
    draws = drawn.reshape(num_slots, graph.num_services, len(stands))[:, services, np.arange(len(stands))]
    rank = np.where(_is_ready(state, services, stands), draws, -1.0)
    chosen = rank.argmax(axis=0)
    hit = rank.max(axis=0) >= 0.0
    _replace_dead(graph, state, chosen[hit], services[hit], stands[hit], PodEventReason.KILLING, events)
    state.kill_next[services, stands] += state.kill_period[services, stands] / np.float32(TICK_SECONDS)


def _out_of_memory(graph: CompiledGraph, state: StandState, services: Ints, stands: Ints, events: PodEventSink) -> None:
    """Kill the first ready replica of each starved service; the next goes a tick later unless memory fell."""
    ready = _is_ready(state, services, stands)
    hit = ready.any(axis=0)
    chosen = ready.argmax(axis=0)
    _replace_dead(graph, state, chosen[hit], services[hit], stands[hit], PodEventReason.OOM_KILLED, events)


def _is_ready(state: StandState, services: Ints, stands: Ints) -> Bools:
    """[K, P] of these pairs of a service and a stand."""
    is_cold_or_warm = state.timer[:, services, stands] <= COLD_SECONDS
    ready: Bools = state.present[:, services, stands] & is_cold_or_warm & ~state.service_down[services, stands]
    return ready


def _replace_dead(
    graph: CompiledGraph,
    state: StandState,
    slots: Ints,
    services: Ints,
    stands: Ints,
    reason: PodEventReason,
    events: PodEventSink,
) -> None:
    """The replicas of these places [P] die with what they work on, and fresh ones take their places."""
    ready = np.maximum(_is_ready(state, services, stands).sum(axis=0), 1)
    share = (1.0 / ready).astype(np.float32)
    lose_requests(graph, state, services, stands, share)
    state.leaked_bytes[services, stands] *= 1.0 - share
    state.service_sums[ServiceSum.RESTARTS, services, stands] += 1.0
    start_at(graph, state, slots, services, stands)
    _note(state, events, reason, services, stands)
    _note(state, events, PodEventReason.STARTED, services, stands)


def _note(state: StandState, events: PodEventSink, reason: PodEventReason, services: Ints, stands: Ints) -> None:
    if len(services):
        events.note_pairs(reason, state.tick, services, stands, np.ones(len(services), dtype=np.int64))


def _first(slots: Bools) -> Bools:
    """[K, S, N] only the first of the marked slots of each service."""
    first: Bools = slots & (np.cumsum(slots, axis=0) == 1)
    return first
