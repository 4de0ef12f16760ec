"""One tick of a queue whose arrival and service rates hold still for the tick: drawn exactly, however long it is.

Far from zero the number of requests moves as a Brownian motion, and at zero it is reflected. Its end after a tick is
drawn by Skorokhod's reflection from the free motion's end and minimum, the minimum of a Brownian bridge being
(a + b - sqrt((b - a)^2 - 2 v ln U)) / 2 (Asmussen, Glynn, Pitman 1995, "Discretization error in simulation of
one-dimensional reflecting Brownian motion"). `erlang` maps it to the exact mean of a queue of m servers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.erlang import Stationary, stationary
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_TINY = np.float32(1e-6)
_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)
_TICK = np.float32(TICK_SECONDS)
_RELAXING = np.float32(0.5)
"""Near rho 1 a tick is too short for the stationary state: the drift counts as at least sqrt(this x variance / tick).
Calibrated against birth-death chains of 1 to 3 servers: means within 8 %, in the median within 2 %."""
_MAX_NOISE = np.float32(4.0)
"""Squared coefficient of variation of a tick's mean, at most."""


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
    bound: Floats,
    room: Floats,
    draws: Draws,
) -> QueueStep:
    """Advance queues by a tick.

    Args:
        backlog: [S, N] where the Brownian motion is.
        arrival_rate: [S, N] requests per second that are let in.
        service_rate: [S, N] requests per second that can be served.
        computing: [S, N] requests at the servers while all of them are busy.
        server_rows: [S, N] rows of `erlang`'s table.
        bound: [S, N] the backlog may not exceed it: the rest is refused.
        room: [S, N] nor this: the rest waits where it comes from.
        draws: standard numbers.
    """
    variance = arrival_rate + service_rate
    drift = arrival_rate - service_rate
    spread = variance * _TICK
    moved = drift * _TICK
    moved += np.sqrt(spread) * draws.move
    free_end = backlog + moved
    dip = backlog + free_end
    moved *= moved
    spread *= draws.dip
    spread *= np.float32(2.0)
    moved += spread
    dip -= np.sqrt(moved)
    dip *= np.float32(0.5)
    end = free_end - np.minimum(dip, _ZERO)
    np.minimum(end, np.maximum(room, backlog), out=end)
    overflow = np.maximum(end - bound, _ZERO)
    end -= overflow
    rho = arrival_rate / service_rate
    known = stationary(server_rows, rho)
    pace = np.sqrt(drift * drift + variance * (_RELAXING / _TICK))
    total = backlog + end
    np.maximum(pace, total * (_ONE / _TICK), out=pace)
    calm = np.where(dip < _ZERO, _ONE - total / (pace * _TICK), _ZERO)
    above_start = np.maximum(backlog - known.shift, _ZERO)
    above_end = np.maximum(end - known.shift, _ZERO)
    waiting, wobble = _expected(backlog, end, above_start, above_end, calm, variance, pace, known)
    idle = np.maximum(_ONE - rho, _ZERO)
    idle *= np.where(calm > _ZERO, np.maximum(_ONE - (above_start + above_end) / (pace * _TICK), _ZERO), _ZERO)
    number = computing * (_ONE - idle)
    number += waiting
    wobble /= number * number + _TINY
    np.minimum(wobble, _MAX_NOISE, out=wobble)
    wobble = np.log1p(wobble, out=wobble)
    number *= np.exp(np.sqrt(wobble) * draws.average - np.float32(0.5) * wobble)
    return QueueStep(end, number, overflow, calm)


def _expected(
    start: Floats,
    end: Floats,
    above_start: Floats,
    above_end: Floats,
    calm: Floats,
    variance: Floats,
    pace: Floats,
    known: Stationary,
) -> tuple[Floats, Floats]:
    """Mean number waiting over the tick, given its ends, and the variance of it.

    The motion goes down to zero at its pace, stays near its stationary state for the calm part of the tick, and goes up
    to its end, which is the same backwards. Where it never touched zero it is the mean of the ends: a calm part of 0.
    """
    level = variance / (np.float32(2.0) * pace)
    stationary_wait = level * np.exp(-known.shift / level)
    touching = (above_start * above_start + above_end * above_end) / (np.float32(2.0) * _TICK * pace)
    touching += stationary_wait * calm
    straight = np.maximum(np.float32(0.5) * (start + end) - known.shift, _ZERO)
    is_touching = calm > _ZERO
    waiting = np.where(is_touching, touching, straight)
    # Asymptotic variance of the time average (Whitt 1989, "Planning queueing simulations": 1/2 in natural units).
    restless = np.float32(4.0) * level * level * level / (pace * _TICK) * known.spread * calm
    start, end = start / pace, end / pace
    ramps = variance * (start * start * start + end * end * end) / (np.float32(12.0) * _TICK * _TICK)
    return waiting, np.where(is_touching, restless + ramps, variance * (_TICK / np.float32(12.0)))
