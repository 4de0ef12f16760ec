"""What Kubernetes and the observability tool told, as rows of tables."""

from dataclasses import dataclass
from itertools import groupby

from clusters.incident.playing import PlayedIncident
from clusters.streams import Finding, K8sEvent

MOST_ROWS = 60


@dataclass(frozen=True, kw_only=True)
class ToldRow:
    """Something that was told, and how often over which time."""

    time: str
    service: str
    what: str
    message: str
    count: int
    is_warning: bool


def event_rows(incident: PlayedIncident) -> tuple[ToldRow, ...]:
    """Kubernetes events; the same thing told again and again is one row."""
    runs = groupby(
        sorted(incident.streams.k8s_events, key=lambda event: (event.service, event.reason, event.time_ns)),
        key=lambda event: (event.service, event.reason),
    )
    rows = sorted((list(run) for _, run in runs), key=lambda run: run[0].time_ns)
    return tuple(_event_row(incident, run) for run in rows[:MOST_ROWS])


def finding_rows(incident: PlayedIncident) -> tuple[ToldRow, ...]:
    """Findings of the observability tool, as they came."""
    return tuple(_finding_row(incident, finding) for finding in incident.streams.coroot_findings[:MOST_ROWS])


def _event_row(incident: PlayedIncident, run: list[K8sEvent]) -> ToldRow:
    first, last = (incident.seconds_of(event.time_ns) for event in (run[0], run[-1]))
    return ToldRow(
        time=f"{first:.0f} s" if len(run) == 1 else f"{first:.0f} to {last:.0f} s",
        service=run[0].service,
        what=run[0].reason,
        message=run[-1].message,
        count=sum(event.count for event in run),
        is_warning=run[0].type == "Warning",
    )


def _finding_row(incident: PlayedIncident, finding: Finding) -> ToldRow:
    calls = [f"{caller} to {callee}" for caller, callee in finding.affected_edges]
    return ToldRow(
        time=f"{incident.seconds_of(finding.time_ns):.0f} s",
        service=", ".join((*finding.affected_services, *calls)),
        what=f"{finding.symptom_class}: {finding.severity}",
        message=finding.explanation,
        count=1,
        is_warning=finding.severity != "ok",
    )
