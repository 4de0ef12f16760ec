"""Top-down: requests reach services, services serve what CPU and workers allow, and what is served calls downstream."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, exponential, greater, lesser, logarithm
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.worker_limits import Held, WorkerLimit, fill_limit
from clusters.simulated.parameters import DRAINING_LEVEL, TICK_SECONDS

Floats = NDArray[np.float32]

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
_TINY = np.float32(1e-6)
_PER_TICK = np.float32(1.0 / TICK_SECONDS)
_HALF_DRAINING = np.float32(0.5 * DRAINING_LEVEL)
_MAX_SURGE = np.float32(10.0)
"""A queue that is worked off passes on at most so many times its arrivals."""
_LEAST_LOG, _MOST_LOG = np.float32(-3.0), np.float32(1.0)
"""A backlog passes on at least 5 % and at most 2.7 times of what comes in."""


class Flow(NamedTuple):
    """What moves in one tick, per second."""

    arrivals: Floats
    """[O, N] requests that come in."""
    attempts: Floats
    """[R + C, N] requests of users, and calls that operations make, with repeated attempts."""
    call_rate: Floats
    """[C, N] attempts per execution of the caller."""
    channel_rate: Floats
    """[H, N] attempts."""
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
    pole: Floats
    """[S, N] requests that no number of workers could exceed."""
    stations: Floats
    """[S, N] queues of the network in which workers are held."""
    served: Floats
    """[S, N] requests that get their CPU time."""
    passing: Floats
    """[S, N] the served over the admitted: below 1 where the backlog grows."""


class Moving(NamedTuple):
    """What of the state flows follow from; `sent_rate` and `work_per_request` are brought up to date."""

    demand_ms: Floats
    call_count: Floats
    call_rate: Floats
    sent_rate: Floats
    backlog: Floats
    held: Floats
    held_seconds: Floats
    held_slope: Floats
    held_rate: Floats
    held_stuck: Floats
    work_per_request: Floats


class FlowRoom(NamedTuple):
    """For what is computed in between."""

    rows: Floats
    """[2, N]"""
    through: Floats
    """[O, N] logarithms of what passes."""


@compiled
def fill_flow(index: Index, moving: Moving, capacity: Capacity, entry: Floats, flow: Flow, room: FlowRoom) -> None:
    """Fill `flow` with what users' requests, `entry` [R, N] per second, come to.

    With the rates of the last tick requests flow down, then with the rates that follow from that, and at last with the
    mean of these rates and of those that follow from them in turn.
    """
    for r in range(entry.shape[0]):
        for n in range(entry.shape[1]):
            flow.attempts[r, n] = entry[r, n]
    for c in range(flow.call_rate.shape[0]):
        for n in range(entry.shape[1]):
            flow.call_rate[c, n] = moving.sent_rate[c, n]
    for rounds in range(3):
        _flow_down(index, moving, capacity, flow, room)
        if rounds < 2:
            _send(index, moving, flow, room, _ONE if rounds == 0 else _HALF)
    for c in range(flow.call_rate.shape[0]):
        for n in range(entry.shape[1]):
            moving.sent_rate[c, n] = flow.call_rate[c, n]
    flow.channel_rate[:, :] = _ZERO
    for r in range(entry.shape[0]):
        _add(flow.channel_rate, index.request_channel[r], flow.attempts, r)
    for c in range(flow.call_rate.shape[0]):
        _add(flow.channel_rate, index.call_channel[c], flow.attempts, entry.shape[0] + c)


@inlined
def _add(totals: Floats, total: int, rows: Floats, row: int) -> None:
    """Add one row to another array's."""
    for n in range(rows.shape[1]):
        totals[total, n] += rows[row, n]


@inlined
def _flow_down(index: Index, moving: Moving, capacity: Capacity, flow: Flow, room: FlowRoom) -> None:
    """Let the users' requests flow down, service by service; the load generator, which nobody calls, is idle."""
    rate, work = room.rows[0], room.rows[1]
    held = Held(
        moving.held_seconds, moving.held_slope, moving.held_rate, moving.held_stuck, moving.held, moving.backlog
    )
    limit = WorkerLimit(flow.service_rate, flow.cpu_rate, flow.pole, flow.stations)
    num_requests = len(index.request_channel)
    for s in range(len(index.operations_of_service) - 1):
        first, last = index.operations_of_service[s], index.operations_of_service[s + 1]
        if first == last:
            continue
        room.rows[:, :] = _ZERO
        for o in range(first, last):
            flow.arrivals[o, :] = _ZERO
            for i in range(index.arrivals_of_operation[o], index.arrivals_of_operation[o + 1]):
                _add(flow.arrivals, o, flow.attempts, index.arrival_row[i])
            for n in range(len(rate)):
                rate[n] += flow.arrivals[o, n]
                work[n] += flow.arrivals[o, n] * moving.demand_ms[o, n]
        _let_in(index, moving, capacity, flow, s, rate, work)
        fill_limit(capacity, moving.work_per_request, held, limit, s)
        _pass_on(moving, flow, s)
        for o in range(first, last):
            for c in range(index.calls_of_operation[o], index.calls_of_operation[o + 1]):
                for n in range(len(rate)):
                    completed = flow.arrivals[o, n] * (flow.admitted_ratio[s, n] * flow.passing[s, n])
                    flow.attempts[num_requests + c, n] = completed * flow.call_rate[c, n]


@inlined
def _let_in(index: Index, moving: Moving, capacity: Capacity, flow: Flow, s: int, rates: Floats, works: Floats) -> None:
    """What one service lets in, of requests and CPU milliseconds per second [N]."""
    most = index.max_rate_rps[s]
    is_limited = most < np.inf
    for n in range(len(rates)):
        rate = greater(rates[n], _TINY)
        ratio = capacity.open_ratio[s, n]
        if is_limited:
            ratio *= lesser(most / rate, _ONE)
        work = works[n] / rate
        flow.admitted_ratio[s, n] = ratio
        flow.admitted[s, n] = rate * ratio
        flow.work_ms[s, n] = work * (rate * ratio)
        moving.work_per_request[s, n] = work


@inlined
def _pass_on(moving: Moving, flow: Flow, s: int) -> None:
    """What one service gets done."""
    for n in range(flow.served.shape[1]):
        admitted = flow.admitted[s, n]
        served = served_rate(moving.backlog[s, n], admitted, flow.service_rate[s, n])
        flow.served[s, n] = served
        flow.passing[s, n] = lesser(served / greater(admitted, _TINY), _MAX_SURGE)


@inlined
def served_rate(backlog: np.float32, admitted: np.float32, can: np.float32) -> np.float32:
    """Requests per second that get their CPU time: those that come, and what is beyond a stationary backlog."""
    usual = (admitted + can) * _HALF_DRAINING / greater(can - admitted, _TINY)
    return lesser(greater(backlog - usual, _ZERO) * _PER_TICK + admitted, can)


@inlined
def _send(index: Index, moving: Moving, flow: Flow, room: FlowRoom, weight: np.float32) -> None:
    """Let `call_rate` follow, by this weight, the attempts that executions make with what keeps them from it.

    Calls that come later in a request wait for those before them: what a saturated service lets pass is all that its
    callers go on with. Of calls that are made several times the later ones wait for the earlier ones too.
    """
    reached, through = room.rows[0], room.through
    for o in range(len(index.operation_service) - 1, -1, -1):
        s = index.operation_service[o]
        reached[:] = _ZERO
        for n in range(len(reached)):
            passing = logarithm((flow.served[s, n] + _TINY) / (flow.admitted[s, n] + _TINY))
            through[o, n] = between(passing, _LEAST_LOG, _MOST_LOG)
        for c in range(index.calls_of_operation[o], index.calls_of_operation[o + 1]):
            callee, awaited = index.call_operation[c], index.call_awaited[c]
            for n in range(len(reached)):
                count = moving.call_count[c, n]
                stuck = through[callee, n] * (count * awaited)
                repeated = greater(_HALF - _HALF / greater(count, _ONE), _ZERO)
                rate = exponential(lesser(repeated * stuck + reached[n], _MOST_LOG)) * moving.call_rate[c, n]
                flow.call_rate[c, n] = flow.call_rate[c, n] * (_ONE - weight) + rate * weight
                reached[n] += stuck
        for n in range(len(reached)):
            through[o, n] = between(through[o, n] + reached[n], _LEAST_LOG, _MOST_LOG)
