"""Requests that reach the entry in one tick: the formulas that `clusters.simulated.arrivals` tells."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from clusters.simulated.kernels.arithmetic import exponential, greater, lesser, logarithm_of_one_and
from clusters.simulated.parameters import TICK_SECONDS

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_ZERO, _HALF, _ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
_TINY = np.float32(1e-6)
_TICK = np.float32(TICK_SECONDS)
_UNBOUND = np.float32(np.inf)

NUM_ROOM_ROWS = 3


class Offered(NamedTuple):
    """What of the state users' requests follow from."""

    tick: Ints
    rates_rps: Floats
    rate_step_seconds: Floats
    rate_count: Ints
    mix: Floats
    multiplier: Floats
    rate_limit_rps: Floats
    think_seconds: Floats
    shape: Floats
    entry_seconds: Floats


class Arrivals(NamedTuple):
    """Requests of one tick, per second."""

    planned: Floats
    """[R, N] what users meant to send, as drawn."""
    sent: Floats
    """[R, N] without what they were asked to hold back, as drawn."""
    mean: Floats
    """[R, N] admitted, without noise: what the queues' means are computed from."""
    drawn: Floats
    """[R, N] admitted as drawn, over `mean`."""
    admitted_ratio: Floats
    """[N] share that the rate limit lets in."""


@compiled
def fill_arrivals(offered: Offered, draws: Floats, room: Floats, arrivals: Arrivals) -> None:
    """Fill `arrivals`; `draws` is [R, N] standard normal, and `room` [NUM_ROOM_ROWS, N]."""
    num_requests, num_stands = draws.shape
    rate, drawn, mean = room[0], room[1], room[2]
    for n in range(num_stands):
        place = np.int64(np.floor(offered.tick[n] * TICK_SECONDS / offered.rate_step_seconds[n]))
        last = offered.rate_count[n] - 1
        rate[n] = offered.rates_rps[place if place < last else last, n]
    for n in range(num_stands):
        think = offered.think_seconds[n]
        loop = think / (think + offered.entry_seconds[n])
        rate[n] = rate[n] * offered.multiplier[n] * (loop if think == think else _ONE)
        drawn[n] = mean[n] = _ZERO
    for r in range(num_requests):
        for n in range(num_stands):
            planned = offered.mix[r, n] * rate[n]
            variance = logarithm_of_one_and(_ONE / greater(planned * _TICK, _TINY))
            arrivals.mean[r, n] = planned * offered.shape[r, n]
            mean[n] += arrivals.mean[r, n]
            planned *= exponential(np.sqrt(variance) * draws[r, n] - _HALF * variance)
            arrivals.planned[r, n] = planned
            arrivals.sent[r, n] = planned * offered.shape[r, n]
            drawn[n] += arrivals.sent[r, n]
    for n in range(num_stands):
        limit = offered.rate_limit_rps[n]
        limit = limit if limit == limit else _UNBOUND
        arrivals.admitted_ratio[n] = lesser(limit / greater(drawn[n], _TINY), _ONE)
        mean[n] = lesser(mean[n], limit) / greater(mean[n], _TINY)
    for r in range(num_requests):
        for n in range(num_stands):
            arrivals.mean[r, n] *= mean[n]
            expected, came = arrivals.mean[r, n], arrivals.sent[r, n] * arrivals.admitted_ratio[n]
            arrivals.drawn[r, n] = came / expected if expected > _TINY else _ONE
