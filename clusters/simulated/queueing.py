"""One tick of a queue whose arrival and service rates hold still for the tick: drawn exactly, however long it is.

Far from zero the number of requests moves as a Brownian motion, and at zero it is reflected. Its end after a tick is
drawn by Skorokhod's reflection from the free motion's end and minimum, the minimum of a Brownian bridge being
(a + b - sqrt((b - a)^2 - 2 v ln U)) / 2 (Asmussen, Glynn, Pitman 1995, "Discretization error in simulation of
one-dimensional reflecting Brownian motion"). `erlang` maps it to the exact mean of a queue of m servers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.erlang import tables
from clusters.simulated.kernels.queues import Queues, fill_queue_steps

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Draws(NamedTuple):
    """[S, N] standard numbers of a tick."""

    move: Floats
    """Normal: where the free motion ends."""
    dip: Floats
    """Exponential: how deep it went in between."""
    average: Floats
    """Normal: how far the tick's mean is from what its ends make expect."""


class QueueStep(NamedTuple):
    """[S, N] of one tick."""

    backlog: Floats
    """Where the Brownian motion ends."""
    number: Floats
    """Mean number of requests that compute, or wait for it."""
    overflow: Floats
    """Requests that found no room."""
    calm_ratio: Floats
    """Share of the tick in which the queue was near its stationary state."""


def step_queues(
    backlog: Floats,
    arrival_rate: Floats,
    service_rate: Floats,
    computing: Floats,
    server_rows: Ints,
    cpu_rows: Ints,
    bound: Floats,
    room: Floats,
    reach: Floats,
    drawn: Floats,
    draws: Draws,
) -> QueueStep:
    """Advance queues by a tick.

    Args:
        backlog: [S, N] where the Brownian motion is.
        arrival_rate: [S, N] requests per second that are let in.
        service_rate: [S, N] requests per second that can be served.
        computing: [S, N] requests at the servers while all of them are busy.
        server_rows: [S, N] rows of `erlang`'s table that say how often requests wait.
        cpu_rows: [S, N] those that say how much the number computing changes.
        bound: [S, N] the backlog may not exceed it: the rest is refused.
        room: [S, N] nor this: the rest waits where it comes from.
        reach: [S, N] requests that can ever be there, at the servers too: the fewer, the faster the queue settles.
        drawn: [S, N] requests that came, over `arrival_rate`.
        draws: standard numbers.
    """
    queues = Queues(backlog, arrival_rate, service_rate, computing, server_rows, cpu_rows, bound, room, reach, drawn)
    steps = np.empty((4, *backlog.shape), dtype=np.float32)
    room = np.empty((2, backlog.shape[1]), dtype=np.float32)
    fill_queue_steps(tables(), queues, draws.move, draws.dip, draws.average, room, steps)
    return QueueStep(*steps)
