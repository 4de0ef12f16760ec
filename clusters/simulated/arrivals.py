"""Requests that reach the entry in one tick."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.randomness import normals
from clusters.simulated.state import StandState, ordered_sum

Floats = NDArray[np.float64]


class Arrivals(NamedTuple):
    """Requests of one tick."""

    offered: Floats
    """[R, N] what users sent."""
    admitted_ratio: Floats
    """[N] share that the rate limit lets in."""


def draw_arrivals(state: StandState) -> Arrivals:
    """Poisson-like arrivals: normal with the Poisson's mean and variance, cut at zero."""
    num_requests, num_stands = state.mix.shape
    position = np.minimum((state.tick * TICK_SECONDS // state.rate_step_seconds).astype(np.int64), state.rate_count - 1)
    rate = state.rates_rps[position, np.arange(num_stands)] * state.multiplier
    mean = state.mix * (rate * TICK_SECONDS)
    noise = normals(state.seed, state.tick, np.arange(num_requests))
    offered = np.maximum(mean + np.sqrt(mean) * noise, 0.0)
    total = ordered_sum(offered)
    limit = np.where(np.isnan(state.rate_limit_rps), np.inf, state.rate_limit_rps) * TICK_SECONDS
    return Arrivals(offered, np.minimum(1.0, limit / np.maximum(total, 1e-12)))
