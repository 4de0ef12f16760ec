"""What bounds a tick's queues, and what becomes of what they cannot take."""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from clusters.simulated.kernels.arithmetic import between, greater
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]

_ZERO, _ONE = np.float32(0.0), np.float32(1.0)
_TINY = np.float32(1e-6)
_TICK = np.float32(TICK_SECONDS)
_UNBOUND = np.float32(1e6)
"""Requests that no worker waits for: beyond, nothing of a tick's noise comes near."""


@compiled
def bound_queues(
    index: Index,
    patience_seconds: Floats,
    capacity: Capacity,
    flow: Flow,
    held: Floats,
    backlog: Floats,
    room: Floats,
    most: Floats,
) -> None:
    """Fill `most` [3, S, N]: what may wait; what can be at a service at the tick's end; its callers' workers.

    The second are its callers' workers that are not elsewhere, and those that were given up. Where the line is so long
    that callers give up within the tick, they send again: all that comes after that is there.

    Args:
        index: of the graph.
        patience_seconds: [S, 1] the shortest time after which a caller gives up waiting.
        capacity: of the tick.
        flow: of the tick.
        held: [S, N] requests that hold workers while they wait for answers.
        backlog: [S, N] before the tick.
        room: [S, N] requests that the workers of its callers can have at a service.
        most: to be filled.
    """
    for s in range(room.shape[0]):
        patience = patience_seconds[s, 0]
        rest = greater(_TICK - patience, _ZERO)
        for n in range(room.shape[1]):
            wait = greater(room[s, n], backlog[s, n]) / flow.service_rate[s, n]
            again = rest * flow.admitted[s, n] if wait > patience else _ZERO
            most[0, s, n] = greater(capacity.queue_bound[s, n] + capacity.workers[s, n] - held[s, n], _ZERO)
            most[1, s, n] = room[s, n] + again
            most[2, s, n] = _ZERO
    for o in range(len(index.operation_service)):
        for h in range(index.channels_of_operation[o], index.channels_of_operation[o + 1]):
            s, source = index.operation_service[o], index.channel_source[h]
            weight, unbound = index.channel_weight[h], index.channel_unbound[h] * _UNBOUND
            for n in range(room.shape[1]):
                most[2, s, n] += capacity.workers[source, n] * weight + unbound


@compiled
def fill_refused(flow: Flow, overflow: Floats, lost: Floats, refused: Floats) -> None:
    """Fill [S, N] requests turned away, or lost with their replica, of those that come in."""
    for s in range(refused.shape[0]):
        for n in range(refused.shape[1]):
            ratio = flow.admitted_ratio[s, n]
            incoming = greater(flow.admitted[s, n] / greater(ratio, _TINY), np.float32(1e-3))
            gone = (overflow[s, n] + lost[s, n]) / (incoming * _TICK)
            refused[s, n] = between(_ONE - ratio + gone, _ZERO, _ONE)
