"""Whether users fare well on a stand: its journeys' objectives, met over the last part of a window."""

import math
import warnings

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import JOURNEY_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Application, Journey

JUDGED_SECONDS = 30.0
"""How much of a warm-up's end is judged: before, caches fill and connections open."""

_OFFERED = signal_index(JOURNEY_SIGNALS, "offered_rate_rps")
_ERRORS = signal_index(JOURNEY_SIGNALS, "error_ratio")
_P95 = signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")


def judge(window: TelemetryWindow, application: Application, *, latency_ratio: float = 1.0) -> tuple[str, str]:
    """(what was seen, what is wrong) at the end of one stand's window; nothing is wrong: an empty string.

    With `latency_ratio` a p95 may be so many times its objective.

    Errors are those of all requests in that time. The p95 is the median of the buckets', because with few requests a
    single slow one makes a bucket's. A journey that nobody started says nothing.
    """
    num_buckets = max(1, min(window.num_buckets, round(JUDGED_SECONDS / window.bucket_seconds)))
    seen, wrong = [], []
    for position, journey in enumerate(application.journeys):
        errors, p95 = _figures(window.journeys[-num_buckets:, position])
        if math.isnan(errors):
            continue
        most_milliseconds = latency_ratio * journey.slo_latency_milliseconds
        text = _sentence(journey, errors, p95, most_milliseconds)
        seen.append(text)
        if errors > journey.slo_error_ratio or p95 > most_milliseconds:
            wrong.append(text)
    span = f"over {num_buckets * window.bucket_seconds:g} s"
    return f"{span}: {'; '.join(seen) or 'no requests'}", f"{span}: {'; '.join(wrong)}" if wrong else ""


def _figures(values: NDArray[np.float32]) -> tuple[float, float]:
    """(error ratio, p95) of one journey's [T, F]; NaN where there were no requests."""
    offered, errors, p95 = values[:, _OFFERED], values[:, _ERRORS], values[:, _P95]
    known = np.isfinite(offered) & np.isfinite(errors) & (offered > 0)
    if not known.any():
        return math.nan, math.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no request succeeded in any bucket: no p95
        return float(np.average(errors[known], weights=offered[known])), float(np.nanmedian(p95[known]))


def _sentence(journey: Journey, errors: float, p95: float, most_milliseconds: float) -> str:
    return (
        f"{journey.name} {errors:.1%} errors (at most {journey.slo_error_ratio:.1%}), "
        f"p95 {p95:.0f} ms (at most {most_milliseconds:.0f})"
    )
