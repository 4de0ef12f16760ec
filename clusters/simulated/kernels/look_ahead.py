"""What callers go by in the next tick: how often they will call, and how many can be at each callee."""

import numpy as np

from clusters.compiled import compiled, inlined
from clusters.simulated.kernels.arithmetic import between, exponential, greater
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.latency_arrays import Floats, Latency, LatencyRoom, Seen
from clusters.simulated.parameters import TICK_SECONDS

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
_TINY = np.float32(1e-6)
_TICK = np.float32(TICK_SECONDS)
_ANY = np.float32(1e9)
_LEAST_ROOM = np.float32(0.2)
"""Of its workers that a caller can have at one callee, however many are elsewhere."""


@compiled
def look_ahead(index: Index, seen: Seen, capacity: Capacity, flow: Flow, latency: Latency, room: LatencyRoom) -> None:
    """What callers go by in the next tick: the state's `call_rate`, `room` and `entry_seconds`."""
    seen.entry_seconds[:] = _ZERO
    for r in range(len(index.request_channel)):
        h = index.request_channel[r]
        for n in range(len(seen.entry_seconds)):
            seen.entry_seconds[n] += seen.mix[r, n] * latency.call_mean[h, n]
    for o in range(len(index.operation_service)):
        _reach_calls(index, seen, latency, room.rows[0], o)
    seen.room[...] = _ZERO
    for o in range(len(index.operation_service)):
        for h in range(index.channels_of_operation[o], index.channels_of_operation[o + 1]):
            _bound_callee(index, seen, capacity, flow, latency, o, h)


@inlined
def _reach_calls(index: Index, seen: Seen, latency: Latency, before: Floats, o: int) -> None:
    """How many attempts of each call an execution will make: an earlier one that fails keeps it from the later ones.

    A call that is made several times is stopped by its own failures too.
    """
    before[:] = _ZERO
    for c in range(index.calls_of_operation[o], index.calls_of_operation[o + 1]):
        h, required = index.call_channel[c], index.call_required[c]
        for n in range(len(before)):
            count = seen.call_count[c, n]
            failing = required * latency.call_log_success[h, n]
            reached = _HALF * greater(count - _ONE, _ZERO) * failing + before[n]
            before[n] += count * failing
            rate = count * latency.call_attempts[h, n] * exponential(reached) + seen.call_rate[c, n]
            seen.call_rate[c, n] = rate * _HALF if count > _ZERO else _ZERO


@inlined
def _bound_callee(index: Index, seen: Seen, capacity: Capacity, flow: Flow, latency: Latency, o: int, h: int) -> None:
    """Add how many requests of a channel's callers' workers can be at the callee in the next tick.

    A request that fails or is given up frees its worker without being served.
    """
    s, source = index.operation_service[o], index.channel_source[h]
    weight, unbound = index.channel_weight[h], index.channel_unbound[h] * _ANY
    for n in range(seen.room.shape[1]):
        rate, error, workers = (
            greater(flow.channel_rate[h, n], _TINY),
            latency.call_error_ratio[h, n],
            capacity.workers[source, n],
        )
        at_callee = workers - seen.held[source, n] + rate * latency.call_mean[h, n]
        places = between(at_callee, _LEAST_ROOM * workers, workers) * weight
        # Those that were given up are still at the callee.
        given_up = greater(latency.mean[o, n] - latency.call_mean[h, n], _ZERO) + error * error * _TICK
        seen.room[s, n] += places + (rate * given_up + unbound)
