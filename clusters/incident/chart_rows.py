"""The charts of journeys, of the whole stand and of services. Legend: T buckets, S services, R replicates."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.incident.charts import Chart, Scale, TimeAxis, draw_chart, latency_scale, linear_scale
from clusters.incident.journey_outcomes import is_violated
from clusters.incident.playing import PlayedIncident
from clusters.incident.readings import Readings, known_mean, service_readings
from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from clusters.topology import Journey, ServiceKind

Values = NDArray[np.float32]
Courses = tuple[Values, Values | None]
"""[R, T] of a signal as it went, and had nothing been done."""


@dataclass(frozen=True, kw_only=True)
class ChartRow:
    """The charts of one journey or one service."""

    name: str
    note: str
    charts: tuple[Chart, ...]


def journey_rows(incident: PlayedIncident, axis: TimeAxis) -> tuple[ChartRow, ...]:
    """A row per journey: p95, errors and good requests."""
    return tuple(
        ChartRow(
            name=journey.name,
            note="missed" if is_violated(journey, row, incident.window).any() else "met",
            charts=_journey_charts(incident, journey, row, axis),
        )
        for row, journey in enumerate(incident.application.journeys)
    )


def stand_charts(incident: PlayedIncident, axis: TimeAxis) -> tuple[Chart, ...]:
    """Load with its limit, and the reserved CPU."""

    def courses(name: str) -> Courses:
        return _courses(incident, lambda window: window.stand[:, :, signal_index(STAND_SIGNALS, name)])

    offered, (limit, _), cost = (
        courses("offered_rate_rps"),
        courses("rate_limit_rps"),
        courses("resource_cost_millicores"),
    )
    is_limited = bool(np.isfinite(limit).any())
    title = "offered load; dashed: the rate limit" if is_limited else "offered load"
    load_scale = linear_scale("/s", offered[0], limit, least=1.0)
    return (
        draw_chart(title, offered[0], axis, load_scale, dashed=limit if is_limited else None),
        draw_chart("reserved CPU", cost[0], axis, linear_scale("m", *cost, least=1.0), dashed=cost[1]),
    )


def service_rows(
    incident: PlayedIncident, axis: TimeAxis, services: Readings
) -> tuple[tuple[ChartRow, ...], tuple[ChartRow, ...]]:
    """(those that were beyond a threshold at some time, the others), the worst first; `services` is [T, S]."""
    latency = latency_scale(*_courses(incident, lambda window: window.nodes[..., _at("latency_p95_milliseconds")]))
    severity = np.maximum(services.red, services.amber).sum(axis=0)
    rows: dict[bool, list[ChartRow]] = {True: [], False: []}
    for row in np.argsort(-severity, kind="stable").tolist():
        service = incident.application.services[row]
        if service.kind is not ServiceKind.LOAD_GENERATOR:
            ready = known_mean(incident.window.nodes)[:, row, _at("replicas_ready")]
            charts = _service_charts(incident, row, axis, latency)
            rows[bool(services.is_affected[:, row].any())].append(
                ChartRow(name=service.name, note=_replicas_in_words(ready), charts=charts)
            )
    return tuple(rows[True]), tuple(rows[False])


def _journey_charts(incident: PlayedIncident, journey: Journey, row: int, axis: TimeAxis) -> tuple[Chart, ...]:
    def courses(name: str, factor: float) -> Courses:
        column = signal_index(JOURNEY_SIGNALS, name)
        return _courses(incident, lambda window: np.float32(factor) * window.journeys[:, :, row, column])

    p95, errors, good = (
        courses("latency_p95_milliseconds", 1),
        courses("error_ratio", 100),
        courses("good_ratio", 100),
    )
    slo_milliseconds, slo_percent = journey.slo_latency_milliseconds, 100 * journey.slo_error_ratio
    latency = latency_scale(*p95, np.array([slo_milliseconds], dtype=np.float32))
    failing = linear_scale("%", *errors, least=max(5.0, 2 * slo_percent))
    return (
        draw_chart("p95 latency", p95[0], axis, latency, dashed=p95[1], limit=slo_milliseconds),
        draw_chart("failed", errors[0], axis, failing, dashed=errors[1], limit=slo_percent),
        draw_chart("good requests", good[0], axis, linear_scale("%", least=100.0), dashed=good[1]),
    )


def _service_charts(incident: PlayedIncident, row: int, axis: TimeAxis, latency: Scale) -> tuple[Chart, ...]:
    def courses(name: str, factor: float = 1) -> Courses:
        return _courses(incident, lambda window: np.float32(factor) * window.nodes[:, :, row, _at(name)])

    cpu = _courses(incident, lambda window: 100 * _cpu_share(window.nodes[:, :, row]))
    lag = courses("consumer_lag")
    is_consumer = bool(np.isfinite(lag[0]).any())
    waiting, title = (lag, "messages that wait") if is_consumer else (courses("queue_depth"), "in the service")
    p95, errors = courses("latency_p95_milliseconds"), courses("error_ratio", 100)
    return (
        draw_chart("CPU of limit", cpu[0], axis, linear_scale("%", *cpu, least=100.0), dashed=cpu[1]),
        draw_chart(title, waiting[0], axis, linear_scale("", *waiting, least=5.0), dashed=waiting[1]),
        draw_chart("p95 latency", p95[0], axis, latency, dashed=p95[1]),
        draw_chart("failed", errors[0], axis, linear_scale("%", *errors, least=5.0), dashed=errors[1]),
    )


def _courses(incident: PlayedIncident, signal: Callable[[TelemetryWindow], Values]) -> Courses:
    return signal(incident.window), None if incident.left_alone is None else signal(incident.left_alone)


def _cpu_share(nodes: Values) -> Values:
    return service_readings(nodes, np.array(np.nan)).cpu_share.astype(np.float32)


def _at(name: str) -> int:
    return signal_index(NODE_SIGNALS, name)


def _replicas_in_words(ready: Values) -> str:
    known = ready[np.isfinite(ready)]
    if not known.size:
        return ""
    low, high = round(float(known.min())), round(float(known.max()))
    return f"{high} ready" if low == high else f"{low} to {high} ready"
