"""Whether users get what they were promised: the one reading of service level objectives, from telemetry.

Legend: ... any leading axes (N stands), T buckets, J journeys.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application

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

    def mean(self, values: Floats) -> Floats:
        """[..., T] mean over journeys by offered load; unknown values count as 0."""
        return _sum_over_journeys(np.fmax(values, 0.0) * self.weights)

    @cached_property
    def served(self) -> Bools:
        """[..., T] whether anybody wanted anything, and what they got is known."""
        return np.asarray((self.weights > 0).any(axis=-1))

    @cached_property
    def bad_share(self) -> Floats:
        """[..., T] share of the offered requests that were not good; 0 where nothing was offered."""
        return self.mean(1.0 - self.good_ratio)


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
    journeys = window.journeys.astype(np.float64)  # keeps the axes' order in memory: a batch's stands stay innermost
    offered, good, errors = journeys[..., _OFFERED], journeys[..., _GOOD], journeys[..., _ERRORS]
    has_users = (good >= 0) & (offered > 0)
    known = np.where(has_users, offered, 0.0)
    latency_ratio = journeys[..., _LATENCY] / objectives.latency_milliseconds
    missed = (latency_ratio > 1.0) | (errors > objectives.error_ratio)
    return ServiceLevels(
        weights=known / np.maximum(_sum_over_journeys(known), 1e-9)[..., None],
        good_ratio=good,
        error_ratio=errors,
        latency_ratio=latency_ratio,
        violated=np.asarray((missed & has_users).any(axis=-1)),
    )


def _sum_over_journeys(values: Floats) -> Floats:
    """[..., T] one journey after the other: a sum over an axis may round otherwise in a larger batch."""
    total: Floats = values[..., 0]
    for journey in range(1, values.shape[-1]):
        total = total + values[..., journey]
    return total
