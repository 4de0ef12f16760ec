"""The named incident as the page shows it: what is going on, what each candidate is expected to bring, and why.

Legend: C candidates, H future buckets, J journeys, Q quantiles.
"""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from clusters.incident.readings import last_minute
from clusters.incident.service_graph import affected, draw_graph
from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, signal_index
from clusters.topology import Application
from rollouts.evaluation.drawings import Fan, draw_fans, draw_history
from rollouts.evaluation.recommendation import (
    WORTHWHILE_GAIN,
    cost_in_words,
    do_nothing_candidate,
    hindsight_on,
    percent,
    readable,
    reasons_for,
    recommended_candidate,
)
from rollouts.evaluation.report import Incident
from rollouts.evaluation.truth import NUMERIC_TOLERANCE, tabulate

HIGH_RISK, ELEVATED_RISK = 0.5, 0.2
"""Expected share of the horizon in violation."""
SHOWN_HISTORY_SECONDS = 150.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class CandidateView:
    """One column of the comparison."""

    label: str
    is_recommended: bool
    is_truly_best: bool
    rank: int
    """1: the highest expected return; equal returns share a rank."""
    fans: Markup
    expected_return: str
    true_return: str
    recovery_probability: str
    true_recovery: str
    recovery_time: str
    cost: str
    risk: str
    risk_level: str
    """`low`, `elevated`, `high` or `unknown`."""
    warning: str
    """Empty, or why to be careful."""


@dataclass(frozen=True, kw_only=True)
class IncidentView:
    """The whole section."""

    title: str
    is_violated: bool
    charts: tuple[Markup, ...]
    graph: Markup
    affected_services: tuple[str, ...]
    affected_edges: tuple[str, ...]
    candidates: tuple[CandidateView, ...]
    recommendation: str
    reasons: tuple[str, ...]
    hindsight: str
    """How the recommendation fares against the truth."""


def view_incident(incident: Incident, application: Application) -> IncidentView:
    """Everything that the page says about the incident."""
    branched, history = incident.branched, incident.branched.point.history
    readings = last_minute(history)
    services, edges = affected(application, *readings)
    latency_journey, error_journey = _worst_journeys(incident, application)
    recommended = recommended_candidate(incident)
    return IncidentView(
        title=readable(branched.point.scenario.name),
        is_violated=branched.in_violation,
        charts=_history_charts(incident, application, latency_journey, error_journey),
        graph=Markup(draw_graph(application, *readings)),
        affected_services=tuple(services),
        affected_edges=tuple(edges),
        candidates=_candidates(incident, application, recommended, latency_journey, error_journey),
        recommendation=readable(branched.names[recommended]),
        reasons=reasons_for(incident, recommended),
        hindsight=hindsight_on(incident, recommended),
    )


def _worst_journeys(incident: Incident, application: Application) -> tuple[int, int]:
    """(the slow journey, the failing journey) over the last minute.

    Slow: the one that the incident is named after, else the one with the highest p95 over its objective. Failing: the
    one of the others with the most errors, or of all where no other fails more than promised.
    """
    journeys = np.nan_to_num(incident.branched.point.history.journeys[-6:]).mean(axis=0)  # [J, F]
    limits = np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    latency = journeys[:, signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")] / limits
    errors = journeys[:, signal_index(JOURNEY_SIGNALS, "error_ratio")]
    named = [row for row, name in enumerate(application.journey_names) if name in incident.branched.point.scenario.name]
    slowest = named[0] if named else int(np.argmax(latency))
    promised = np.array([journey.slo_error_ratio for journey in application.journeys])
    others = np.where(np.arange(len(errors)) == slowest, 0.0, errors)
    return slowest, int(np.argmax(others if (others > promised).any() else errors))


def _history_charts(
    incident: Incident, application: Application, latency_journey: int, error_journey: int
) -> tuple[Markup, ...]:
    history = incident.branched.point.history
    slow, failing = application.journeys[latency_journey], application.journeys[error_journey]
    queue = history.nodes[:, :, signal_index(NODE_SIGNALS, "queue_depth")].astype(np.float64)
    growth = np.nan_to_num(queue[-6:]).mean(axis=0) / (1.0 + np.nan_to_num(queue[:6]).mean(axis=0))
    growth[application.service_names.index("load-generator")] = -np.inf
    longest = int(np.argmax(growth))
    charts = (
        (
            f"{readable(slow.name)} p95 latency, ms",
            _journey_signal(history.journeys, latency_journey, "latency_p95_milliseconds"),
            slow.slo_latency_milliseconds,
        ),
        (
            f"{readable(failing.name)} failed requests, %",
            100 * _journey_signal(history.journeys, error_journey, "error_ratio"),
            100 * failing.slo_error_ratio,
        ),
        (f"requests in {application.service_names[longest]}", queue[:, longest], None),
    )
    return tuple(Markup(draw_history(title, values, history.bucket_seconds, limit)) for title, values, limit in charts)


def _journey_signal(journeys: NDArray[np.float32], journey: int, name: str) -> Floats:
    return journeys[:, journey, signal_index(JOURNEY_SIGNALS, name)].astype(np.float64)


def _candidates(
    incident: Incident, application: Application, recommended: int, latency_journey: int, error_journey: int
) -> tuple[CandidateView, ...]:
    branched, prediction = incident.branched, incident.prediction
    truth, nothing = branched.truth, do_nothing_candidate(incident)
    best = tabulate([branched]).ties_with_best[0]
    scales = (
        _scale(incident, "latency_p95_milliseconds", latency_journey),
        _scale(incident, "error_ratio", error_journey),
    )
    views = []
    for row in range(branched.num_candidates):
        fans = (
            _fan(incident, application, "latency_p95_milliseconds", latency_journey, row, scales[0]),
            _fan(incident, application, "error_ratio", error_journey, row, scales[1]),
        )
        worse = prediction.scores[row] < prediction.scores[nothing] - WORTHWHILE_GAIN
        risk = float(prediction.expected_risk[row])
        views.append(
            CandidateView(
                label=readable(branched.names[row]),
                is_recommended=row == recommended,
                is_truly_best=bool(best[row]),
                rank=1 + int((prediction.scores > prediction.scores[row] + NUMERIC_TOLERANCE).sum()),
                fans=Markup(draw_fans(fans)),
                expected_return=f"{prediction.scores[row]:.2f}",
                true_return=f"{truth.returns[row].mean():.2f}",
                recovery_probability=percent(float(prediction.recovery_probability[row])),
                true_recovery=percent(float(truth.recovered[row].mean())),
                recovery_time=_recovery_time(incident, application, row),
                cost=cost_in_words(float(prediction.expected_cost[row])),
                risk=percent(risk),
                risk_level=_risk_level(risk),
                warning="expected to be worse than doing nothing" if worse else "",
            )
        )
    return tuple(views)


def _fan(
    incident: Incident, application: Application, signal: str, journey: int, row: int, scale: tuple[float, float]
) -> Fan:
    history = incident.branched.point.history
    is_latency = signal == "latency_p95_milliseconds"
    factor = 1.0 if is_latency else 100.0
    shown = round(SHOWN_HISTORY_SECONDS / history.bucket_seconds)
    promised = application.journeys[journey]
    quantiles = getattr(incident.prediction, signal)[row]
    truth = getattr(incident.branched.truth, signal)[row, :, journey]
    # A ranker without trajectories has one column of NaN, whatever the journeys.
    column = journey if quantiles.shape[1] > 1 else 0
    return Fan(
        title=f"{readable(promised.name)} " + ("p95, ms" if is_latency else "failed, %"),
        history=factor * _journey_signal(history.journeys, journey, signal)[-shown:],
        quantiles=factor * np.broadcast_to(quantiles[:, column], (len(truth), quantiles.shape[-1])).astype(np.float64),
        truth=factor * truth.astype(np.float64),
        limit=promised.slo_latency_milliseconds if is_latency else factor * promised.slo_error_ratio,
        low=scale[0],
        high=factor * scale[1],
        is_logarithmic=is_latency,
        bucket_seconds=history.bucket_seconds,
    )


def _scale(incident: Incident, signal: str, journey: int) -> tuple[float, float]:
    """Ends of the vertical axis that hold every candidate's past and future."""
    predicted = getattr(incident.prediction, signal)
    parts = (
        _journey_signal(incident.branched.point.history.journeys, journey, signal),
        getattr(incident.branched.truth, signal)[:, :, journey],
        predicted[:, :, journey if predicted.shape[2] > 1 else 0],
    )
    values = np.concatenate([np.ravel(part) for part in parts])
    finite = values[np.isfinite(values)]
    top = float(finite.max(initial=1e-3))
    if signal == "error_ratio":
        return 0.0, min(1.0, max(0.05, 1.08 * top))
    return max(1.0, 0.8 * float(finite.min(initial=top))), 1.25 * top


def _recovery_time(incident: Incident, application: Application, row: int) -> str:
    """When the median futures of all journeys meet their objectives for good."""
    prediction = incident.prediction
    middle = len(prediction.quantiles) // 2
    latency = prediction.latency_p95_milliseconds[row, ..., middle]  # [H, J]
    errors = prediction.error_ratio[row, ..., middle]
    if not np.isfinite(latency).any() and not np.isfinite(errors).any():
        return "not predicted"
    latency_limits = np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    error_limits = np.array([journey.slo_error_ratio for journey in application.journeys])
    bad = np.flatnonzero(((latency > latency_limits) | (errors > error_limits)).any(axis=1))
    bucket_seconds = incident.branched.point.history.bucket_seconds
    if not bad.size:
        return "at once"
    if bad[-1] == len(latency) - 1:
        return f"not within {len(latency) * bucket_seconds:.0f} s"
    return f"after {(bad[-1] + 1) * bucket_seconds:.0f} s"


def _risk_level(risk: float) -> str:
    if not np.isfinite(risk):
        return "unknown"
    return "high" if risk > HIGH_RISK else "elevated" if risk > ELEVATED_RISK else "low"
