"""Whether users get what they were promised: the one reading of service level objectives, from telemetry.

Legend: ... any leading axes (N stands), T buckets, J journeys.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application
from envs.kernels.levels import read_levels

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_OFFERED = signal_index(JOURNEY_SIGNALS, "offered_rate_rps")
_ERRORS = signal_index(JOURNEY_SIGNALS, "error_ratio")
_LATENCY = signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")
_GOOD = signal_index(JOURNEY_SIGNALS, "good_ratio")


@dataclass(frozen=True, kw_only=True)
class ServiceLevels:
    """What users of each journey got, per bucket. Where a value is unknown it is as in the window: NaN, or negative."""

    weights: Floats
    """[..., T, J] share of the offered load; all 0 in a bucket in which nothing was offered or nothing is known."""
    good_ratio: Floats
    """[..., T, J]"""
    error_ratio: Floats
    """[..., T, J]"""
    latency_ratio: Floats
    """[..., T, J] p95 over the journey's objective; unknown where no request succeeded."""
    violated: Bools
    """[..., T] whether any journey with users misses its latency or its error objective."""

    served: Bools
    """[..., T] whether anybody wanted anything, and what they got is known."""
    bad_share: Floats
    """[..., T] share of the offered requests that were not good; 0 where nothing was offered."""

    def mean(self, values: Floats) -> Floats:
        """[..., T] mean over journeys by offered load; unknown values count as 0."""
        return _sum_over_journeys(np.fmax(values, 0.0) * self.weights)


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What users of each journey were promised."""

    latency_milliseconds: Floats
    """[J] of the p95."""
    error_ratio: Floats
    """[J]"""

    @classmethod
    def of(cls, application: Application) -> "Objectives":
        """Those of an application's journeys."""
        return cls(
            latency_milliseconds=np.array([journey.slo_latency_milliseconds for journey in application.journeys]),
            error_ratio=np.array([journey.slo_error_ratio for journey in application.journeys]),
        )


def service_levels(window: TelemetryWindow, application: Application) -> ServiceLevels:
    """Read a window of one stand or of a batch."""
    return levels_of(window, Objectives.of(application))


def levels_of(window: TelemetryWindow, objectives: Objectives) -> ServiceLevels:
    """As `service_levels`, for who reads many windows."""
    leading, signals = window.journeys.shape[:-3], window.journeys.shape[-3:]
    journeys = np.ascontiguousarray(window.journeys.reshape(-1, *signals).transpose(1, 2, 3, 0))  # [T, J, F, N]
    num_buckets, num_journeys, _, num_stands = journeys.shape
    weights, good, errors, latency = np.empty((4, num_buckets, num_journeys, num_stands))
    load_rps, bad_share = np.empty((2, num_buckets, num_stands))
    served, violated = np.empty((2, num_buckets, num_stands), dtype=np.bool_)
    read_levels(
        journeys,
        _OFFERED,
        _GOOD,
        _ERRORS,
        _LATENCY,
        objectives.latency_milliseconds,
        objectives.error_ratio,
        weights,
        good,
        errors,
        latency,
        load_rps,
        bad_share,
        served,
        violated,
    )
    in_journeys, in_buckets = (*leading, num_buckets, num_journeys), (*leading, num_buckets)
    # Outside of kernels the stands lead: these are views.
    return ServiceLevels(
        weights=weights.transpose(2, 0, 1).reshape(in_journeys),
        good_ratio=good.transpose(2, 0, 1).reshape(in_journeys),
        error_ratio=errors.transpose(2, 0, 1).reshape(in_journeys),
        latency_ratio=latency.transpose(2, 0, 1).reshape(in_journeys),
        violated=violated.T.reshape(in_buckets),
        served=served.T.reshape(in_buckets),
        bad_share=bad_share.T.reshape(in_buckets),
    )


def _sum_over_journeys(values: Floats) -> Floats:
    """[..., T] one journey after the other: a sum over an axis may round otherwise in a larger batch."""
    total: Floats = values[..., 0]
    for journey in range(1, values.shape[-1]):
        total = total + values[..., journey]
    return total
