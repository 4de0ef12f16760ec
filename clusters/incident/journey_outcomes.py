"""How each user journey fared against its objectives, as figures and as a sentence. Legend: T buckets, R replicates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.incident.charts import TimeAxis, quantity
from clusters.incident.readings import known_mean
from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Journey


@dataclass(frozen=True, kw_only=True)
class JourneyOutcome:
    """One journey over the whole course, of the mean over replicates."""

    name: str
    objective: str
    worst_p95: str
    worst_errors: str
    violated_seconds: float
    harm: float
    """Requests per second that were not good, summed over buckets."""
    violated_spans: str
    """In words; empty: never."""
    left_alone_seconds: float | None
    """In violation had nothing been done; None: nothing was."""


def journey_outcome(
    journey: Journey, row: int, window: TelemetryWindow, left_alone: TelemetryWindow | None, axis: TimeAxis
) -> JourneyOutcome:
    """The outcome of the journey that stands in this row; windows are [R, T, ...]."""
    p95, errors = (_signal(window, row, name) for name in ("latency_p95_milliseconds", "error_ratio"))
    violated = is_violated(journey, row, window)
    offered, good = (np.nan_to_num(_signal(window, row, name)) for name in ("offered_rate_rps", "good_ratio"))
    return JourneyOutcome(
        name=journey.name,
        objective=f"p95 at most {quantity(journey.slo_latency_milliseconds, 'ms')}, "
        f"at most {quantity(100 * journey.slo_error_ratio, '%')} failed",
        worst_p95=quantity(_worst(p95), "ms"),
        worst_errors=quantity(100 * _worst(errors), "%"),
        violated_seconds=float(violated.sum() * axis.bucket_seconds),
        harm=float((offered * (1.0 - good)).sum()),
        violated_spans=_spans(violated, axis),
        left_alone_seconds=None
        if left_alone is None
        else float(is_violated(journey, row, left_alone).sum() * axis.bucket_seconds),
    )


def is_violated(journey: Journey, row: int, window: TelemetryWindow) -> NDArray[np.bool_]:
    """[T] whether a journey misses an objective, by its mean over replicates; what is unknown violates nothing."""
    p95, errors = (_signal(window, row, name) for name in ("latency_p95_milliseconds", "error_ratio"))
    with np.errstate(invalid="ignore"):
        return (p95 > journey.slo_latency_milliseconds) | (errors > journey.slo_error_ratio)


def _signal(window: TelemetryWindow, row: int, name: str) -> NDArray[np.float32]:
    return known_mean(window.journeys[:, :, row, signal_index(JOURNEY_SIGNALS, name)])


def _worst(values: NDArray[np.float32]) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else float("nan")


def _spans(violated: NDArray[np.bool_], axis: TimeAxis) -> str:
    """The spans of a violation, those apart by a single bucket joined."""
    spans: list[list[float]] = []
    for seconds in axis.middles[violated] - axis.bucket_seconds / 2:
        if spans and seconds - spans[-1][1] <= axis.bucket_seconds:
            spans[-1][1] = seconds + axis.bucket_seconds
        else:
            spans.append([seconds, seconds + axis.bucket_seconds])
    shown = [f"{start:.0f} to {end:.0f} s" if end < axis.end else f"{start:.0f} s to the end" for start, end in spans]
    return ", ".join(shown[:4]) + (f" and {len(shown) - 4} more" if len(shown) > 4 else "")
