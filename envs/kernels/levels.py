"""What users got, bucket by bucket.

Legend: N stands (innermost, as telemetry lies in memory), T buckets, J journeys, F signals of a journey.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LEAST_LOAD_RPS = 1e-9
"""Divides where nothing was offered."""


@compiled
def read_levels(
    journeys: NDArray[np.float32],
    offered: int,
    good: int,
    errors: int,
    latency: int,
    latency_milliseconds: Floats,
    error_ratio: Floats,
    weights: Floats,
    good_ratios: Floats,
    error_ratios: Floats,
    latency_ratios: Floats,
    load_rps: Floats,
    bad_share: Floats,
    served: Bools,
    violated: Bools,
) -> None:
    """Compare journeys with their objectives.

    Args:
        journeys: [T, J, F, N]
        offered: position of a signal, as are the next three.
        good: share of good requests.
        errors: share of failed ones.
        latency: milliseconds.
        latency_milliseconds: [J] promised.
        error_ratio: [J] promised.
        weights: [T, J, N] filled with the share of the load; the next three with what the signals say.
        good_ratios: [T, J, N]
        error_ratios: [T, J, N]
        latency_ratios: [T, J, N] over the objective.
        load_rps: [T, N] filled with the load of journeys of which anything is known.
        bad_share: [T, N] filled with the share of requests that were not good.
        served: [T, N] filled with whether there is any such load.
        violated: [T, N] filled with whether any journey with users misses an objective.
    """
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
