"""Whether users get what they were promised: the one reading of service level objectives, from telemetry.

Legend: ... any leading axes (N stands), T buckets, J journeys.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application

_OFFERED = signal_index(JOURNEY_SIGNALS, "offered_rate_rps")
_ERRORS = signal_index(JOURNEY_SIGNALS, "error_ratio")
_LATENCY = signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")
_GOOD = signal_index(JOURNEY_SIGNALS, "good_ratio")


@dataclass(frozen=True, kw_only=True)
class ServiceLevels:
    """What users of each journey got, per bucket."""

    weights: NDArray[np.float64]
    """[..., T, J] share of the offered load; all 0 in a bucket in which nothing was offered or nothing is known."""
    good_ratio: NDArray[np.float64]
    """[..., T, J] NaN where unknown."""
    error_ratio: NDArray[np.float64]
    """[..., T, J] NaN where unknown."""
    latency_ratio: NDArray[np.float64]
    """[..., T, J] p95 over the journey's objective; NaN where no request succeeded."""
    violated: NDArray[np.bool_]
    """[..., T] whether any journey with users misses its latency or its error objective."""

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """[..., T] mean over journeys by offered load; unknown values count as 0."""
        weighted: NDArray[np.float64] = np.nan_to_num(values) * self.weights
        return np.asarray(weighted.sum(axis=-1))


def service_levels(window: TelemetryWindow, application: Application) -> ServiceLevels:
    """Read a window of one stand or of a batch."""
    journeys = window.journeys.astype(np.float64, order="C")
    latency_slo = np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    error_slo = np.array([journey.slo_error_ratio for journey in application.journeys])
    offered, good = np.nan_to_num(journeys[..., _OFFERED]), journeys[..., _GOOD]
    known = np.where(np.isnan(good), 0.0, offered)
    weights = known / np.maximum(known.sum(axis=-1, keepdims=True), 1e-9)
    latency_ratio = journeys[..., _LATENCY] / latency_slo
    with np.errstate(invalid="ignore"):
        missed = (latency_ratio > 1.0) | (journeys[..., _ERRORS] > error_slo)
    return ServiceLevels(
        weights=weights,
        good_ratio=good,
        error_ratio=journeys[..., _ERRORS],
        latency_ratio=latency_ratio,
        violated=(missed & (known > 0)).any(axis=-1),
    )
