"""The incident as one HTML file that loads nothing: its script only moves the cursor and repaints the graph.

Legend: T buckets, S services, E edges, J journeys, R replicates.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from markupsafe import Markup

from clusters.incident.chart_rows import journey_rows, service_rows, stand_charts
from clusters.incident.charts import TimeAxis
from clusters.incident.deed_table import deed_rows, fault_spans, marks
from clusters.incident.journey_outcomes import JourneyOutcome, journey_outcome
from clusters.incident.playing import PlayedIncident
from clusters.incident.readings import Readings, edge_readings, known_mean, service_readings, usual_latency
from clusters.incident.service_graph import box_state, draw_graph, template, wire_state
from clusters.incident.told_table import event_rows, finding_rows
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, signal_index

_ABOUT_WORST = 0.9


def render(incident: PlayedIncident, command: str) -> str:
    """The page as text; `command` is what plays it again."""
    axis = TimeAxis(
        start=-incident.shown_warmup_seconds,
        end=incident.scenario.horizon_seconds,
        bucket_seconds=incident.window.bucket_seconds,
    )
    services, edges = _readings(incident)
    worst = _worst_bucket(incident)
    outcomes = tuple(
        journey_outcome(journey, row, incident.window, incident.left_alone, axis)
        for row, journey in enumerate(incident.application.journeys)
    )
    busiest = float(edges.rate_rps.max(initial=0.0))
    affected, usual = service_rows(incident, axis, services)
    return str(
        template("incident.html").render(
            incident=incident,
            scenario=incident.scenario,
            num_replicates=len(incident.window.nodes),
            outcomes=outcomes,
            verdict=_verdict(outcomes, axis),
            graph=Markup(draw_graph(incident.application, _at(services, worst), _at(edges, worst), busiest)),
            journeys=journey_rows(incident, axis),
            stand=stand_charts(incident, axis),
            affected=affected,
            usual=usual,
            fault_spans=fault_spans(incident, axis),
            marks=marks(incident.deeds, axis),
            deeds=deed_rows(incident.deeds),
            events=event_rows(incident),
            findings=finding_rows(incident),
            num_buckets=len(axis.middles),
            worst=worst,
            axis=axis,
            command=command,
            frames=Markup(_frames(services, edges, busiest, axis)),
        )
    )


def _readings(incident: PlayedIncident) -> tuple[Readings, Readings]:
    """[T, S] and [T, E], of the mean over replicates; what is usual is how it was before the episode."""
    window = incident.window
    before = round(incident.shown_warmup_seconds / window.bucket_seconds)
    nodes, edges = known_mean(window.nodes), known_mean(window.edges)
    return (
        service_readings(nodes, usual_latency(nodes[:before], NODE_SIGNALS)),
        edge_readings(edges, usual_latency(edges[:before], EDGE_SIGNALS)),
    )


def _at(readings: Readings, bucket: int) -> Readings:
    return Readings(**{name: values[bucket] for name, values in asdict(readings).items()})


def _worst_bucket(incident: PlayedIncident) -> int:
    """The first bucket in which users are served about as badly as ever."""
    journeys = known_mean(incident.window.journeys)  # [T, J, F]
    offered = np.nan_to_num(journeys[..., signal_index(JOURNEY_SIGNALS, "offered_rate_rps")])
    good = np.nan_to_num(journeys[..., signal_index(JOURNEY_SIGNALS, "good_ratio")], nan=1.0)
    bad = (offered * (1.0 - good)).sum(axis=1)
    return int(np.argmax(bad >= _ABOUT_WORST * bad.max()))


def _verdict(outcomes: Sequence[JourneyOutcome], axis: TimeAxis) -> str:
    """What became of the users, in a sentence or two."""
    missed = sorted((o for o in outcomes if o.violated_seconds), key=lambda o: (-o.violated_seconds, -o.harm))
    if not missed:
        return "Every journey met its objectives all the time."
    first = missed[0]
    others = f"; {len(missed) - 1} more of {len(outcomes)} journeys missed theirs" if len(missed) > 1 else ""
    text = (
        f"{first.name} missed its objectives for {first.violated_seconds:.0f} s ({first.violated_spans}), with a p95 "
        f"of up to {first.worst_p95} and up to {first.worst_errors} failed{others}."
    )
    total = sum(o.violated_seconds for o in outcomes)
    if first.left_alone_seconds is not None:
        alone = sum(o.left_alone_seconds or 0.0 for o in outcomes)
        text += (
            f" What was done changed the time in violation, summed over journeys, from {alone:.0f} to {total:.0f} s."
        )
    return text[0].upper() + text[1:]


def _frames(services: Readings, edges: Readings, busiest_rps: float, axis: TimeAxis) -> str:
    """What the script paints at each bucket, as JSON that may stand inside a script element."""
    num_buckets, num_services = services.rate_rps.shape
    frames = {
        "times": [round(seconds - axis.bucket_seconds / 2) for seconds in axis.middles],
        "boxes": [[box_state(services, t, s) for s in range(num_services)] for t in range(num_buckets)],
        "wires": [
            [wire_state(edges, t, e, busiest_rps=busiest_rps) for e in range(edges.rate_rps.shape[1])]
            for t in range(num_buckets)
        ],
    }
    return json.dumps(frames, separators=(",", ":")).replace("</", "<\\/")
