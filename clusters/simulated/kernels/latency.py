"""Bottom-up: from waiting and computing at the leaves to what callers, and in the end users, see.

An operation's time is its wait, its own work and its calls one after the other. Requests are conserved: a caller holds
the requests it waits for, as many as its share of the callee's (Little's law, tick by tick), so an overload downstream
is seen in every service above it.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, exponential, greater, lesser
from clusters.simulated.kernels.calls import Calls, find_near, see_near
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.latency_arrays import NUM_SERVICE_ROWS, Floats, Latency, LatencyRoom, Seen
from clusters.simulated.parameters import NETWORK_SECONDS, REJECTION_SECONDS, TICK_SECONDS

Ints = NDArray[np.int64]

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
_TINY, _LEAST = np.float32(1e-6), np.float32(1e-3)
_TICK = np.float32(TICK_SECONDS)
_NETWORK_SECONDS = np.float32(NETWORK_SECONDS)
_REJECTION_SECONDS = np.float32(REJECTION_SECONDS)
_NO_WORK = np.float32(1e-3)
"""CPU ms/s below which a request is taken to find the service empty."""
_NO_SLOPE = np.float32(1e-6)
"""Below, nothing makes workers be held longer."""
_LONGEST_SECONDS = np.float32(600.0)
"""What is left of a queue that nobody joins any more has no time of its own."""

_WAITING, _COMPUTING, _ALONE, _PER_ADMITTED, _PER_SERVED, _PER_WORK = range(NUM_SERVICE_ROWS)


@compiled
def fill_latency(
    index: Index,
    seen: Seen,
    capacity: Capacity,
    flow: Flow,
    number: Floats,
    waits: Floats,
    refused_ratio: Floats,
    latency: Latency,
    room: LatencyRoom,
) -> None:
    """Fill `latency`, leaves first; update what the state keeps for the next tick.

    Args:
        index: of the graph.
        seen: its `call_seconds`, `steady...` and `held...` are written.
        capacity: of the tick.
        flow: of the tick.
        number: [S, N] requests that compute, or wait for a worker; no more are left than the line has places for.
        waits: [S, N] share of the requests that wait for a worker; 1 where the CPU is scarcest.
        refused_ratio: [S, N] requests that are turned away or die, of those that come in.
        latency: to be filled.
        room: for what is computed in between.
    """
    room.edge_rate[:, :] = _ZERO
    for h in range(len(index.channel_edge)):
        edge = index.channel_edge[h]
        for n in range(number.shape[1]):
            room.edge_rate[edge, n] += flow.channel_rate[h, n]
    for s in range(number.shape[0]):
        _share_cpu(seen, capacity, flow, number, s, room)
    for o in range(len(index.operation_service) - 1, -1, -1):
        _finish_operation(index, seen, flow, refused_ratio, latency, room, o)
        for h in range(index.channels_of_operation[o], index.channels_of_operation[o + 1]):
            _steady_own_seconds(index, seen, capacity, flow, waits, latency, room, o, h)
            _finish_channel(index, seen, flow, refused_ratio, latency, room, o, h)
    for s in range(number.shape[0]):
        _hold(index, seen, capacity, flow, number, s)


@inlined
def _share_cpu(seen: Seen, capacity: Capacity, flow: Flow, number: Floats, s: int, room: LatencyRoom) -> None:
    """Split a service's requests into those that wait for a worker and those that share the CPU by what they need.

    Fills the service's rows of `room.services`.
    """
    for n in range(number.shape[1]):
        # Nobody else can be there, however a tick's mean was drawn.
        inside = lesser(number[s, n], greater(seen.room[s, n], seen.backlog[s, n]))
        number[s, n] = inside
        admitted = flow.admitted[s, n]
        waiting = between(inside + seen.held[s, n] - capacity.workers[s, n], _ZERO, inside)
        leaving = greater(admitted, _HALF * flow.served[s, n])
        per_admitted = _ONE / greater(admitted, _TINY)
        work = flow.work_ms[s, n] * (leaving * per_admitted)
        alone = _LEAST / greater(capacity.speed[s, n], _LEAST)
        shared = (inside - waiting) / greater(work, _NO_WORK)
        room.services[_WAITING, s, n] = waiting / greater(leaving, _LEAST)
        room.services[_COMPUTING, s, n] = shared if work > _NO_WORK else alone
        room.services[_ALONE, s, n] = alone
        room.services[_PER_ADMITTED, s, n] = per_admitted
        room.services[_PER_SERVED, s, n] = _ONE / greater(flow.served[s, n], _LEAST)
        room.services[_PER_WORK, s, n] = _ONE / greater(seen.work_per_request[s, n], _LEAST)


@inlined
def _finish_operation(
    index: Index, seen: Seen, flow: Flow, refused_ratio: Floats, latency: Latency, room: LatencyRoom, o: int
) -> None:
    """An operation's time and errors, from those of its calls."""
    s = index.operation_service[o]
    log_success = room.rows[0]
    for n in range(len(log_success)):
        log_success[n] = _ZERO
        seen.call_seconds[o, n] = seen.steady_seconds[o, n] = seen.added_seconds[o, n]
        seen.steady_slope[o, n] = seen.steady_stuck[o, n] = _ZERO
    for c in range(index.calls_of_operation[o], index.calls_of_operation[o + 1]):
        h, awaited, required = index.call_channel[c], index.call_awaited[c], index.call_required[c]
        for n in range(len(log_success)):
            made = flow.call_rate[c, n] * awaited
            seen.call_seconds[o, n] += made * latency.call_mean[h, n]
            seen.steady_seconds[o, n] += made * latency.steady_call[h, n]
            seen.steady_slope[o, n] += made * latency.steady_slope[h, n]
            seen.steady_stuck[o, n] += made * latency.steady_slope[h, n] * room.visits[h, n]
            log_success[n] += seen.call_count[c, n] * required * latency.call_log_success[h, n]
    for n in range(len(log_success)):
        own = seen.demand_ms[o, n] * room.services[_COMPUTING, s, n] + room.services[_WAITING, s, n]
        own = lesser(own, _LONGEST_SECONDS)
        success = (_ONE - seen.own_error_ratio[o, n]) * exponential(log_success[n])
        accepted = _ONE - refused_ratio[s, n]
        mean = own + lesser(flow.passing[s, n], _ONE) * seen.call_seconds[o, n]
        latency.own[o, n] = own
        latency.mean[o, n] = accepted * mean + (_ONE - accepted) * _REJECTION_SECONDS
        latency.error_ratio[o, n] = _ONE - accepted * success


@inlined
def _steady_own_seconds(
    index: Index,
    seen: Seen,
    capacity: Capacity,
    flow: Flow,
    waits: Floats,
    latency: Latency,
    room: LatencyRoom,
    o: int,
    h: int,
) -> None:
    """Fill an attempt's steady time at the callee itself, at these rates, and its slope over the callee's rate.

    A queue is 1 / (what it can serve - what comes), of which a caller gets at least its share; but no longer than all
    who can be there: the caller's workers, or more where there are others, or some that were given up. It is the CPU's,
    and for who waits for a worker the longer one of what workers allow.
    """
    s, source, edge = index.operation_service[o], index.channel_source[h], index.channel_edge[h]
    for n in range(room.visits.shape[1]):
        rate = greater(room.edge_rate[edge, n], _TINY)
        admitted = greater(flow.admitted[s, n], _TINY)
        share = lesser(rate * room.services[_PER_ADMITTED, s, n], _ONE)
        most = greater(greater(seen.room[s, n], capacity.workers[source, n]), _ONE)
        at_cpu = _pace(flow.cpu_rate[s, n], rate, admitted, share, most)
        pace = at_cpu + waits[s, n] * (_pace(flow.service_rate[s, n], rate, admitted, share, most) - at_cpu)
        per_ms = greater(room.services[_ALONE, s, n], pace * room.services[_PER_WORK, s, n])
        steady = per_ms * seen.demand_ms[o, n]
        latency.steady_call[h, n] = steady
        latency.steady_slope[h, n] = steady * pace
        room.visits[h, n] = rate * room.services[_PER_SERVED, source, n]


@inlined
def _pace(can: np.float32, rate: np.float32, admitted: np.float32, share: np.float32, most: np.float32) -> np.float32:
    """Seconds per request of a queue that can serve `can`, for a caller with this rate and share of what comes."""
    mine = greater(can - admitted + rate, can * share)
    return _ONE / greater(greater(mine - rate, mine / most), _TINY)


@inlined
def _finish_channel(
    index: Index, seen: Seen, flow: Flow, refused_ratio: Floats, latency: Latency, room: LatencyRoom, o: int, h: int
) -> None:
    """What callers see of one channel."""
    s, edge = index.operation_service[o], index.channel_edge[h]
    timeout, retries, awaited = index.channel_timeout_seconds[h], index.channel_retries[h], index.channel_awaited[h]
    calls = Calls(
        seconds=latency.call_mean[h],
        attempts=latency.call_attempts[h],
        error_ratio=latency.call_error_ratio[h],
        log_success=latency.call_log_success[h],
    )
    for n in range(room.visits.shape[1]):
        way = seen.edge_delay_seconds[edge, n] + _NETWORK_SECONDS
        accepted = _ONE - refused_ratio[s, n]
        steady = latency.steady_call[h, n] + seen.steady_seconds[o, n] + way
        slope = (latency.steady_slope[h, n] + seen.steady_slope[o, n]) * room.visits[h, n] * accepted
        latency.steady_call[h, n] = lesser(steady, timeout) * accepted
        latency.steady_slope[h, n] = slope if steady < timeout else _ZERO
        calls.seconds[n] = latency.mean[o, n] + way
        calls.error_ratio[n] = latency.error_ratio[o, n]
    rows, places = room.rows, room.near[1]
    count = find_near(calls, timeout, seen.edge_loss[edge], room.near)
    for i in range(count):
        n = places[i]
        rows[0, i] = seen.latency_scv[o, n]
        rows[1, i] = _ONE - refused_ratio[s, n]
        rows[2, i] = lesser(flow.passing[s, n], _ONE)
        rows[3, i] = room.services[_WAITING, s, n] + (seen.edge_delay_seconds[edge, n] + _NETWORK_SECONDS)
        rows[4, i] = seen.edge_loss[edge, n]
        rows[5, i] = retries + awaited * seen.added_retries[h, n]
    see_near(calls, timeout, count, places, rows, room.outputs)


@inlined
def _hold(index: Index, seen: Seen, capacity: Capacity, flow: Flow, number: Floats, s: int) -> None:
    """How many requests of a service hold workers, and how long they do in steady state: the mean of its operations.

    Who waits for an answer holds a worker, and so many are there; the rest of the line has the places left.
    """
    held, seconds, slope, stuck = seen.held, seen.held_seconds, seen.held_slope, seen.held_stuck
    for n in range(held.shape[1]):
        held[s, n] = seconds[s, n] = slope[s, n] = stuck[s, n] = _ZERO
    for o in range(index.operations_of_service[s], index.operations_of_service[s + 1]):
        for n in range(held.shape[1]):
            completed = flow.arrivals[o, n] * (flow.admitted_ratio[s, n] * flow.passing[s, n])
            held[s, n] += completed * seen.call_seconds[o, n]
            seconds[s, n] += completed * seen.steady_seconds[o, n]
            slope[s, n] += completed * seen.steady_slope[o, n]
            stuck[s, n] += completed * seen.steady_stuck[o, n]
    for n in range(held.shape[1]):
        served = greater(flow.served[s, n], _LEAST)
        seconds[s, n] /= served
        stuck[s, n] = (stuck[s, n] + _NO_SLOPE) / (slope[s, n] + _NO_SLOPE)
        slope[s, n] /= served
        seen.held_rate[s, n] = flow.served[s, n]
        held[s, n] = lesser(held[s, n], capacity.workers[s, n])
        places = capacity.queue_bound[s, n] + capacity.workers[s, n] - held[s, n]
        number[s, n] = lesser(number[s, n], greater(places, _ZERO))
