"""Life of replicas: starting, cold, warm, killed, out of memory, rolled; and the capacity they add up to.

Little of it happens in most stands: only the columns of stands in which a replica starts, warms up or dies are touched.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.erlang import server_rows
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.capacity import Capacity, Replicas, add_up_replicas
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
        self._graph = graph
        self._values = np.zeros((len(Capacity._fields), graph.num_services, num_stands), dtype=np.float32)
        self.now = Capacity(*self._values)
        self.server_rows = np.zeros((graph.num_services, num_stands), dtype=np.int64)
        """[S, N] where the queues stand in the table of `erlang`."""
        self.is_stale = np.ones(num_stands, dtype=np.bool_)
        """[N] set by whoever changes replicas, limits, stress or faults."""
        self.is_timed = np.zeros((graph.num_services, num_stands), dtype=np.bool_)
        """[S, N] some replica starts or warms up, so that capacity changes by itself."""
        self.is_due = np.zeros((graph.num_services, num_stands), dtype=np.bool_)
        """[S, N] to be recomputed: time passed for its replicas, or something happened to them."""

    def of(self, columns: Ints) -> Capacity:
        """Of some stands."""
        return Capacity(*self._values.take(columns, axis=-1))

    def refresh(self, state: StandState) -> None:
        """Bring what is stale or due up to date."""
        if self.is_stale.any():
            self.is_due |= self.is_stale
            self.is_stale[...] = False
        services, stands = marked_pairs(self.is_due)
        if len(services):
            self.is_due[...] = False
            fresh = capacity(self._graph, state, (services, stands))
            for row, values in zip(self._values, fresh, strict=True):
                row[services, stands] = values
            self.server_rows[services, stands] = server_rows(fresh.cpu_servers)
            self.is_timed[services, stands] = (state.timer[:, services, stands] > 0.0).any(axis=0)


def marked_pairs(marks: Bools) -> tuple[Ints, Ints]:
    """(services, stands), [P] each, of the marks [S, N]: as numpy's `nonzero`, which is far slower on two axes."""
    services, stands = np.divmod(np.flatnonzero(marks), marks.shape[1])
    return services, stands


def capacity(graph: CompiledGraph, state: StandState, pairs: tuple[Ints, Ints] | None = None) -> Capacity:
    """Add up the replicas of these services of these stands, [P]; of all, [S, N], for None."""
    if pairs is None:
        every = np.indices((graph.num_services, state.num_stands))
        flat = capacity(graph, state, (every[0].ravel(), every[1].ravel()))
        return Capacity(*(values.reshape(graph.num_services, -1) for values in flat))
    services, stands = pairs
    values = np.empty((len(Capacity._fields), len(services)), dtype=np.float32)
    replicas = Replicas(*(getattr(state, name) for name in Replicas._fields))
    add_up_replicas(replicas, graph.workers_per_replica, graph.is_consumer, services, stands, values)
    return Capacity(*values)


def advance_replicas(graph: CompiledGraph, state: StandState, table: CapacityTable, events: PodEventSink) -> None:
    """What happens to replicas at the start of a tick: the next is rolled, one is killed, one runs out of memory."""
    if state.roll.any():
        rolling = state.roll.any(axis=0)
        _roll_next(graph, state, np.flatnonzero(rolling.any(axis=0)), events)
        table.is_due |= rolling
    due = state.kill_next <= state.tick.astype(np.float32)
    if due.any():
        _kill(graph, state, due, events)
        table.is_due |= due
    starved = state.memory_per_replica > state.memory_limit
    if starved.any():
        _out_of_memory(graph, state, starved, events)
        table.is_due |= starved


def pass_time(state: StandState, table: CapacityTable) -> None:
    """Let a tick pass for the replicas that start or warm up."""
    services, stands = marked_pairs(table.is_timed)
    if len(services):
        table.is_due |= table.is_timed
        left = state.timer[:, services, stands] - np.float32(TICK_SECONDS)
        state.timer[:, services, stands] = np.maximum(left, np.float32(0.0))


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


def _kill(graph: CompiledGraph, state: StandState, due: Bools, events: PodEventSink) -> None:
    """Kill one ready replica of each service that is due; which one is drawn."""
    services, stands = marked_pairs(due)
    num_slots = len(state.present)
    streams = KILL_STREAM + np.arange(num_slots * graph.num_services)
    drawn = uniforms(state.seed[stands], state.tick[stands], streams)
    draws = drawn.reshape(num_slots, graph.num_services, len(stands))[:, services, np.arange(len(stands))]
    rank = np.where(_is_ready(state, services, stands), draws, -1.0)
    chosen = rank.argmax(axis=0)
    hit = rank.max(axis=0) >= 0.0
    _replace_dead(graph, state, chosen[hit], services[hit], stands[hit], PodEventReason.KILLING, events)
    state.kill_next[services, stands] += state.kill_period[services, stands] / np.float32(TICK_SECONDS)


def _out_of_memory(graph: CompiledGraph, state: StandState, starved: Bools, events: PodEventSink) -> None:
    """Kill the first ready replica of each starved service; the next goes a tick later unless memory fell."""
    services, stands = marked_pairs(starved)
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
