"""What Kubernetes and the observability tool told, as rows of tables."""

from dataclasses import dataclass
from itertools import groupby

from clusters.incident.playing import PlayedIncident
from clusters.streams import Finding, K8sEvent

MOST_ROWS = 60
_SEVERITIES = ("ok", "warning", "critical")


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
    """Findings of the observability tool, the most severe first; the same check of the same thing is one row."""
    findings = sorted(incident.streams.coroot_findings, key=lambda finding: (_key(finding), finding.time_ns))
    runs = [list(run) for _, run in groupby(findings, key=_key)]
    runs.sort(key=lambda run: (-max(_SEVERITIES.index(finding.severity) for finding in run), run[0].time_ns))
    return tuple(_finding_row(incident, run) for run in runs[:MOST_ROWS])


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


def _key(finding: Finding) -> tuple[str, str]:
    calls = [f"{caller} to {callee}" for caller, callee in finding.affected_edges]
    return ", ".join(calls or finding.affected_services), finding.symptom_class


def _finding_row(incident: PlayedIncident, run: list[Finding]) -> ToldRow:
    worst = max(run, key=lambda finding: _SEVERITIES.index(finding.severity))
    about, symptom_class = _key(worst)
    first, last = (incident.seconds_of(finding.time_ns) for finding in (run[0], run[-1]))
    until = f"to {last:.0f} s" if run[-1].severity == "ok" else "on"
    return ToldRow(
        time=f"from {first:.0f} s {until}",
        service=about,
        what=f"{symptom_class}: {worst.severity}",
        message=worst.explanation,
        count=sum(finding.severity != "ok" for finding in run),
        is_warning=worst.severity == "critical",
    )
