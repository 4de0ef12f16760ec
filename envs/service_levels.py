"""Whether users get what they were promised: the one reading of service level objectives, from telemetry.

Legend: ... any leading axes (N stands in all), T buckets, J journeys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import bound
from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application
from envs.kernels.levels import JourneySignals, ServiceLevels, read_levels

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_SIGNALS = JourneySignals(
    offered=signal_index(JOURNEY_SIGNALS, "offered_rate_rps"),
    good=signal_index(JOURNEY_SIGNALS, "good_ratio"),
    errors=signal_index(JOURNEY_SIGNALS, "error_ratio"),
    latency=signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds"),
)


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """What users of each journey were promised."""

    latency_milliseconds: Floats
    """[J] of the p95."""
    error_ratio: Floats
    """[J]"""

    @cached_property
    def per_objective(self) -> Floats:
        """[J] one over the latencies."""
        return 1.0 / self.latency_milliseconds

    @classmethod
    def of(cls, application: Application) -> "Objectives":
        """Those of an application's journeys."""
        return cls(
            latency_milliseconds=np.array([journey.slo_latency_milliseconds for journey in application.journeys]),
            error_ratio=np.array([journey.slo_error_ratio for journey in application.journeys]),
        )


def levels_of(window: TelemetryWindow, objectives: Objectives) -> ServiceLevels:
    """Read a window of one stand or of a batch, whose leading axes become one."""
    journeys = np.ascontiguousarray(window.journeys.reshape(-1, *window.journeys.shape[-3:]).transpose(1, 0, 3, 2))
    num_buckets, num_stands, _, num_journeys = journeys.shape
    levels = empty_levels(num_stands, num_buckets, num_journeys)
    filling(journeys, objectives, levels)()
    return levels


def empty_levels(num_stands: int, num_buckets: int, num_journeys: int) -> ServiceLevels:
    """Room for the levels of N stands, T buckets, J journeys."""
    weights, good, errors, latency = np.empty((4, num_stands, num_buckets, num_journeys))
    served, violated = np.empty((2, num_stands, num_buckets), dtype=np.bool_)
    return ServiceLevels(
        weights=weights,
        good_ratio=good,
        error_ratio=errors,
        latency_ratio=latency,
        bad_share=np.empty((num_stands, num_buckets)),
        served=served,
        violated=violated,
    )


def filling(journeys: NDArray[np.float32], objectives: Objectives, levels: ServiceLevels) -> Callable[[], None]:
    """What reads journeys [T, N, F, J], whatever they are then: a bucket after the other, as telemetry is kept."""
    return bound(
        read_levels,
        journeys,
        _SIGNALS,
        objectives.latency_milliseconds,
        objectives.per_objective,
        objectives.error_ratio,
        levels,
    )


def violations(window: TelemetryWindow, application: Application) -> Bools:
    """[..., T] whether any journey with users misses its latency or its error objective."""
    return levels_of(window, Objectives.of(application)).violated.reshape(window.journeys.shape[:-2])


def good_ratios(window: TelemetryWindow, application: Application) -> Floats:
    """[..., T] share of good requests, over journeys by their load; 0 where nothing was offered or nothing is known."""
    levels = levels_of(window, Objectives.of(application))
    return (levels.served - levels.bad_share).reshape(window.journeys.shape[:-2])
