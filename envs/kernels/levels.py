"""What users got, bucket by bucket.

Legend: N stands (innermost, as telemetry lies in memory), T buckets, J journeys, F signals of a journey.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LEAST_LOAD_RPS = 1e-9
"""Divides where nothing was offered."""


class JourneySignals(NamedTuple):
    """Positions of signals."""

    offered: int
    good: int
    """Share of good requests."""
    errors: int
    """Share of failed ones."""
    latency: int
    """Milliseconds."""


class ServiceLevels(NamedTuple):
    """What users of each journey got, per bucket. Where a value is unknown it is as in the window: NaN, or negative."""

    weights: Floats
    """[T, J, N] share of the offered load; all 0 in a bucket in which nothing was offered or nothing is known."""
    good_ratio: Floats
    """[T, J, N]"""
    error_ratio: Floats
    """[T, J, N]"""
    latency_ratio: Floats
    """[T, J, N] p95 over the journey's objective; unknown where no request succeeded."""
    load_rps: Floats
    """[T, N] of journeys of which anything is known."""
    bad_share: Floats
    """[T, N] share of the offered requests that were not good; 0 where nothing was offered."""
    served: Bools
    """[T, N] whether anybody wanted anything, and what they got is known."""
    violated: Bools
    """[T, N] whether any journey with users misses its latency or its error objective."""


@compiled
def read_levels(
    journeys: NDArray[np.float32],
    signals: JourneySignals,
    latency_milliseconds: Floats,
    error_ratio: Floats,
    levels: ServiceLevels,
) -> None:
    """Compare journeys with their objectives.

    Args:
        journeys: [T, J, F, N]
        signals: their positions.
        latency_milliseconds: [J] promised.
        error_ratio: [J] promised.
        levels: filled.
    """
    weights, good_ratios, error_ratios, latency_ratios, load_rps, bad_share, served, violated = levels
    offered, good, errors, latency = signals
    num_buckets, num_journeys, _, num_stands = journeys.shape
    for t in range(num_buckets):
        for n in range(num_stands):
            load_rps[t, n] = 0.0
            bad_share[t, n] = 0.0
            violated[t, n] = False
        for j in range(num_journeys):
            for n in range(num_stands):
                share, failed = np.float64(journeys[t, j, good, n]), np.float64(journeys[t, j, errors, n])
                rate = np.float64(journeys[t, j, offered, n])
                late = np.float64(journeys[t, j, latency, n]) / latency_milliseconds[j]
                has_users = (share >= 0.0) & (rate > 0.0)
                weights[t, j, n] = rate if has_users else 0.0
                load_rps[t, n] += rate if has_users else 0.0
                violated[t, n] |= has_users & ((late > 1.0) | (failed > error_ratio[j]))
                good_ratios[t, j, n], error_ratios[t, j, n], latency_ratios[t, j, n] = share, failed, late
        for n in range(num_stands):
            served[t, n] = load_rps[t, n] > 0.0
        for j in range(num_journeys):
            for n in range(num_stands):
                load = load_rps[t, n]
                weights[t, j, n] /= load if load > _LEAST_LOAD_RPS else _LEAST_LOAD_RPS
                bad = 1.0 - good_ratios[t, j, n]
                bad_share[t, n] += (bad if bad > 0.0 else 0.0) * weights[t, j, n]
