"""What users got, bucket by bucket.

Legend: N stands, T buckets, J journeys, F signals of a journey.
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
    """[N, T, J] share of the offered load; all 0 in a bucket in which nothing was offered or nothing is known."""
    good_ratio: Floats
    """[N, T, J]"""
    error_ratio: Floats
    """[N, T, J]"""
    latency_ratio: Floats
    """[N, T, J] p95 over the journey's objective; unknown where no request succeeded."""
    bad_share: Floats
    """[N, T] share of the offered requests that were not good; 0 where nothing was offered."""
    served: Bools
    """[N, T] whether anybody wanted anything, and what they got is known."""
    violated: Bools
    """[N, T] whether any journey with users misses its latency or its error objective."""


@compiled
def read_levels(
    journeys: NDArray[np.float32],
    signals: JourneySignals,
    latency_milliseconds: Floats,
    per_objective: Floats,
    error_ratio: Floats,
    levels: ServiceLevels,
) -> None:
    """Compare journeys with their objectives.

    Args:
        journeys: [T, N, F, J]
        signals: their positions.
        latency_milliseconds: [J] promised.
        per_objective: [J] one over these: to divide takes several times as long as to multiply.
        error_ratio: [J] promised.
        levels: filled.
    """
    weights, good_ratios, error_ratios, latency_ratios, bad_share, served, violated = levels
    num_buckets, num_stands, _, num_journeys = journeys.shape
    for n in range(num_stands):
        for t in range(num_buckets):
            load_rps, misses = 0.0, False
            for j in range(num_journeys):
                rate = np.float64(journeys[t, n, signals.offered, j])
                good = np.float64(journeys[t, n, signals.good, j])
                failed = np.float64(journeys[t, n, signals.errors, j])
                latency = np.float64(journeys[t, n, signals.latency, j])
                has_users = (good >= 0.0) & (rate > 0.0)
                weights[n, t, j] = rate if has_users else 0.0
                load_rps += weights[n, t, j]
                misses |= has_users & ((latency > latency_milliseconds[j]) | (failed > error_ratio[j]))
                good_ratios[n, t, j], error_ratios[n, t, j], latency_ratios[n, t, j] = (
                    good,
                    failed,
                    latency * per_objective[j],
                )
            bad, per_load = 0.0, 1.0 / (load_rps if load_rps > _LEAST_LOAD_RPS else _LEAST_LOAD_RPS)
            for j in range(num_journeys):
                weights[n, t, j] *= per_load
                of_journey = 1.0 - good_ratios[n, t, j]
                bad += (of_journey if of_journey > 0.0 else 0.0) * weights[n, t, j]
            bad_share[n, t], served[n, t], violated[n, t] = bad, load_rps > 0.0, misses
