"""Requests that reach the entry in one tick."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.randomness import TickNoise
from clusters.simulated.state import StandState, ordered_sum

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)


class Arrivals(NamedTuple):
    """Requests of one tick, per second."""

    planned: Floats
    """[R, N] what users meant to send, as drawn."""
    sent: Floats
    """[R, N] without what they were asked to hold back, as drawn."""
    mean: Floats
    """[R, N] admitted, without noise: what the queues' means are computed from."""
    noise: Floats
    """[N] of all admitted requests together: drawn over mean."""
    admitted_ratio: Floats
    """[N] share that the rate limit lets in."""


def draw_arrivals(state: StandState, draws: TickNoise) -> Arrivals:
    """Lognormal with the Poisson's mean and variance: never negative, and near the Poisson from a few requests on.

    In a closed loop each of `rate x think` users sends, waits for the answer and thinks, so the rate falls as the
    answers take longer; how long they take is known from the last tick.
    """
    num_requests, num_stands = state.mix.shape
    position = np.minimum((state.tick * TICK_SECONDS // state.rate_step_seconds).astype(np.int64), state.rate_count - 1)
    rate = state.rates_rps[position, np.arange(num_stands)] * state.multiplier
    is_closed = ~np.isnan(state.think_seconds)
    if is_closed.any():
        think = np.where(is_closed, state.think_seconds, np.float32(1.0))
        rate = np.where(is_closed, rate * think / (think + state.entry_seconds), rate)
    mean = state.mix * rate
    sigma = np.sqrt(np.log1p(1.0 / np.maximum(mean * np.float32(TICK_SECONDS), _TINY)))
    planned = mean * np.exp(sigma * draws.normals(0, num_requests) - 0.5 * sigma * sigma)
    sent, sent_mean = planned * state.shape, mean * state.shape
    total, total_mean = ordered_sum(sent), ordered_sum(sent_mean)
    limit = np.where(np.isnan(state.rate_limit_rps), np.float32(np.inf), state.rate_limit_rps)
    admitted_ratio = np.minimum(limit / np.maximum(total, _TINY), np.float32(1.0))
    admitted_mean = np.minimum(total_mean, limit)
    return Arrivals(
        planned=planned,
        sent=sent,
        mean=sent_mean * np.divide(admitted_mean, np.maximum(total_mean, _TINY)),
        noise=np.where(
            admitted_mean > _TINY, total * admitted_ratio / np.maximum(admitted_mean, _TINY), np.float32(1.0)
        ),
        admitted_ratio=admitted_ratio,
    )
