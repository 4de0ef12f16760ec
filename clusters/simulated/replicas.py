"""Life of replicas: starting, cold, warm, killed, out of memory, rolled; and the capacity they add up to."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import COLD_SECONDS, COLD_SPEED, QUEUE_PER_WORKER, TICK_SECONDS
from clusters.simulated.randomness import KILL_STREAM, uniforms
from clusters.simulated.state import StandState, ordered_sum
from clusters.simulated.sums import ServiceSum

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Capacity(NamedTuple):
    """What the ready replicas of each service add up to; all [S, N]."""

    ready: Floats
    """Replicas."""
    cpu_ms: Floats
    """CPU milliseconds per second that requests can use."""
    cpu_servers: Floats
    """Requests that can compute at the same time; at least 1."""
    speed: Floats
    """CPU milliseconds that one request gets per millisecond while it computes."""
    workers: Floats
    queue_bound: Floats
    stress_millicores: Floats
    """CPU that stressors burn."""
    limit_millicores: Floats
    """Mean CPU limit of a replica (the desired one where there is none)."""
    reserved_millicores: Floats
    """CPU limits of all replicas, ready or not."""


def capacity(graph: CompiledGraph, state: StandState) -> Capacity:
    """Add up the replicas. Load is balanced so that a slow replica gets less of it."""
    ready = state.present & (state.timer <= COLD_SECONDS)
    free = np.where(ready, state.slot_limit * (1.0 - state.stress), 0.0)
    cpu = ordered_sum(np.where(state.timer > 0.0, COLD_SPEED, 1.0) * free)
    servers = ordered_sum(np.where(ready, np.maximum(state.slot_limit / 1000.0, 1.0), 0.0))
    count = ordered_sum(ready.astype(np.float64))
    reserved = ordered_sum(np.where(state.present, state.slot_limit, 0.0))
    num_present = ordered_sum(state.present.astype(np.float64))
    workers = count * graph.workers_per_replica
    servers_safe = np.maximum(servers, 1.0)
    idle_speed = np.minimum(state.desired_limit / 1000.0, 1.0)
    return Capacity(
        ready=count,
        cpu_ms=cpu,
        cpu_servers=servers_safe,
        speed=np.where(count > 0, cpu / (1000.0 * servers_safe), idle_speed),
        workers=workers,
        queue_bound=workers * QUEUE_PER_WORKER,
        stress_millicores=ordered_sum(np.where(ready, state.slot_limit, 0.0)) - ordered_sum(free),
        limit_millicores=np.where(num_present > 0, reserved / np.maximum(num_present, 1.0), state.desired_limit),
        reserved_millicores=reserved,
    )


def advance_replicas(graph: CompiledGraph, state: StandState) -> bool:
    """Let replicas start, warm up, be rolled and be killed for one tick; True if any capacity may have changed."""
    state.lost[...] = 0.0
    changed = bool(state.timer.any())
    if changed:
        np.maximum(state.timer - TICK_SECONDS, 0.0, out=state.timer)
    if state.roll.any():
        _roll_next(graph, state)
        changed = True
    due = state.kill_next <= state.tick
    if due.any():
        _kill(graph, state, due, state.kill_period)
        changed = True
    starved = state.memory_per_replica > graph.memory_limit_bytes
    if starved.any():
        _out_of_memory(graph, state, starved)
        changed = True
    return changed


def start_replicas(graph: CompiledGraph, state: StandState, slots: Bools) -> None:
    """Put a fresh replica into each of the slots [K, S, N]: not ready, then cold, free of stress, at today's limit."""
    startup = graph.startup_seconds[None] + COLD_SECONDS
    state.present |= slots
    np.copyto(state.timer, startup, where=slots)
    np.copyto(state.stress, 0.0, where=slots)
    np.copyto(state.slot_limit, state.desired_limit[None], where=slots)
    state.roll &= ~slots


def _roll_next(graph: CompiledGraph, state: StandState) -> None:
    """Replace the next old replica of each service where no other one is starting. It drains: nothing is lost."""
    is_starting = np.any(state.present & (state.timer > COLD_SECONDS), axis=0, keepdims=True)
    pending = state.roll & state.present & ~is_starting
    first = _first(pending)
    alone = first.any(axis=0) & (ordered_sum(state.present.astype(np.float64)) <= 1.0)
    _lose(graph, state, alone.astype(np.float64))
    start_replicas(graph, state, first)


def _kill(graph: CompiledGraph, state: StandState, due: Bools, period: Floats) -> None:
    """Kill one ready replica of each service that is due; which one is drawn."""
    num_slots, num_services, num_stands = state.present.shape
    streams = KILL_STREAM + np.arange(num_slots * num_services)
    draws = uniforms(state.seed, state.tick, streams).reshape(num_slots, num_services, num_stands)
    ready = state.present & (state.timer <= COLD_SECONDS)
    rank = np.where(ready, draws, -1.0)
    chosen = ready & due[None] & (rank == rank.max(axis=0))
    _replace_dead(graph, state, chosen)
    np.copyto(state.kill_next, state.tick + period, where=due)


def _out_of_memory(graph: CompiledGraph, state: StandState, starved: Bools) -> None:
    """Kill the first ready replica of each starved service; the next goes a tick later unless memory fell."""
    ready = state.present & (state.timer <= COLD_SECONDS) & starved[None]
    _replace_dead(graph, state, _first(ready))


def _replace_dead(graph: CompiledGraph, state: StandState, chosen: Bools) -> None:
    ready = ordered_sum((state.present & (state.timer <= COLD_SECONDS)).astype(np.float64))
    killed = ordered_sum(chosen.astype(np.float64))
    _lose(graph, state, killed / np.maximum(ready, 1.0))
    state.service_sums[ServiceSum.RESTARTS] += killed
    start_replicas(graph, state, chosen)


def _lose(graph: CompiledGraph, state: StandState, share: Floats) -> None:
    """Requests in flight die with their replicas: `share` [S, N] of them."""
    for s, operations in enumerate(graph.operation_slices):
        waiting = state.backlog[operations]
        if len(waiting):
            state.lost[s] += share[s] * (ordered_sum(waiting) + state.worker_ema[s])
            waiting *= 1.0 - share[s]


def _first(slots: Bools) -> Bools:
    """[K, S, N] only the first of the marked slots of each service."""
    first: Bools = slots & (np.cumsum(slots, axis=0) == 1)
    return first
