"""The named incident as the page shows it: what is going on, what each candidate is expected to bring, and why.

Legend: C candidates, H future buckets, J journeys, Q quantiles.
"""

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, signal_index
from clusters.topology import Application
from envs.actions.action import ActionType
from envs.rewards.reward_function import RewardWeights
from rollouts.evaluation.drawings import Fan, draw_fans, draw_history
from rollouts.evaluation.graph_drawing import affected, draw_graph
from rollouts.evaluation.report import Incident
from rollouts.evaluation.truth import NUMERIC_TOLERANCE, tabulate

WORTHWHILE_GAIN = 0.02
"""Smallest expected gain per control step over doing nothing that is worth an action."""
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
    services, edges = affected(application, history)
    latency_journey, error_journey = _worst_journeys(incident, application)
    recommended = _recommended(incident)
    return IncidentView(
        title=readable(branched.point.scenario.name),
        is_violated=branched.in_violation,
        charts=_history_charts(incident, application, latency_journey, error_journey),
        graph=Markup(draw_graph(application, history)),
        affected_services=tuple(services),
        affected_edges=tuple(edges),
        candidates=_candidates(incident, application, recommended, latency_journey, error_journey),
        recommendation=readable(branched.names[recommended]),
        reasons=_reasons(incident, recommended),
        hindsight=_hindsight(incident, recommended),
    )


def readable(name: str) -> str:
    """An action's or scenario's name in words."""
    return name.replace(":", " ").replace("_", " ")


def _recommended(incident: Incident) -> int:
    """The candidate with the best expected return, or doing nothing where it gains too little."""
    scores, nothing = incident.prediction.scores, _do_nothing(incident)
    best = int(np.argmax(scores))
    return best if scores[best] - scores[nothing] > WORTHWHILE_GAIN else nothing


def _do_nothing(incident: Incident) -> int:
    return incident.branched.types.index(ActionType.DO_NOTHING)


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
    truth, nothing = branched.truth, _do_nothing(incident)
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
                recovery_probability=_percent(float(prediction.recovery_probability[row])),
                true_recovery=_percent(float(truth.recovered[row].mean())),
                recovery_time=_recovery_time(incident, application, row),
                cost=_cost(float(prediction.expected_cost[row])),
                risk=_percent(risk),
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


def _cost(expected_cost: float) -> str:
    """The cost term as CPU reserved above the baseline, the unit that its weight is given in."""
    if not np.isfinite(expected_cost):
        return "not predicted"
    extra = -expected_cost / RewardWeights().resource_cost
    return "none" if abs(extra) < 0.005 else f"{extra:+.0%} CPU"


def _percent(share: float) -> str:
    return f"{share:.0%}" if np.isfinite(share) else "not predicted"


def _risk_level(risk: float) -> str:
    if not np.isfinite(risk):
        return "unknown"
    return "high" if risk > HIGH_RISK else "elevated" if risk > ELEVATED_RISK else "low"


def _reasons(incident: Incident, recommended: int) -> tuple[str, ...]:
    branched, prediction, nothing = incident.branched, incident.prediction, _do_nothing(incident)
    scores, recovery = prediction.scores, prediction.recovery_probability
    others = [row for row in np.argsort(-scores) if row != recommended]
    reasons = []
    if recommended == nothing:
        gain = scores.max() - scores[nothing]
        reasons.append(
            f"No action is expected to gain over {WORTHWHILE_GAIN} per step against doing nothing (best: {gain:+.2f})."
        )
    else:
        reasons.append(
            f"Against doing nothing it is expected to gain {scores[recommended] - scores[nothing]:+.2f} reward per "
            f"control step and to bring recovery with {_percent(recovery[recommended])} "
            f"instead of {_percent(recovery[nothing])} probability."
        )
    reasons += [_comparison(incident, recommended, row) for row in others[:2] if row != nothing]
    worse = [readable(branched.names[row]) for row in others if scores[row] < scores[nothing] - WORTHWHILE_GAIN]
    if worse:
        reasons.append(f"Expected to do harm compared with doing nothing: {', '.join(worse)}.")
    return tuple(reasons)


def _comparison(incident: Incident, recommended: int, other: int) -> str:
    prediction = incident.prediction
    gap = prediction.scores[recommended] - prediction.scores[other]
    recovery = _percent(float(prediction.recovery_probability[other]))
    return (
        f"Against {readable(incident.branched.names[other])}: {abs(gap):.2f} "
        f"{'more' if gap >= 0 else 'less'} reward per step is expected (there: recovery {recovery}, "
        f"cost {_cost(float(prediction.expected_cost[other]))})."
    )


def _hindsight(incident: Incident, recommended: int) -> str:
    table = tabulate([incident.branched])
    best, means = int(table.best[0]), table.means[0]
    replicates = incident.branched.truth.returns.shape[1]
    opening = f"Replayed {replicates} times per candidate on the simulator, "
    if table.ties_with_best[0, recommended]:
        return opening + "the recommended action is the best, or cannot be told from the best."
    span = means.max() - means.min()
    return opening + (
        f"the best would have been {readable(incident.branched.names[best])}: the recommendation loses "
        f"{(means[best] - means[recommended]) / span:.0%} of what there was between the best and the worst candidate."
    )
