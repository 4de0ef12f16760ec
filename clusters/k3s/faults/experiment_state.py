"""What became of a chaos resource, read from its status.

Injected means Selected and AllInjected. AllRecovered says nothing before AllInjected was, nor where an injection
failed, so it is not read at all: an experiment is over when its object is gone, because its controllers take the
finalizer away only when every target has recovered.
"""

from dataclasses import dataclass

from clusters.k3s.kinds import Document
from clusters.k3s.rules.deployments import condition


@dataclass(frozen=True, kw_only=True)
class ExperimentState:
    """What the controllers wrote so far."""

    is_selected: bool
    is_injected: bool
    problem: str
    """What the last try at a target met, which the controllers repeat; empty if nothing did."""
    targets: tuple[str, ...]
    """`namespace/pod` or `namespace/pod/container`."""


def experiment_state(document: Document) -> ExperimentState:
    """The state of a chaos resource."""
    experiment = document.get("status", {}).get("experiment") or {}
    records = experiment.get("containerRecords") or []
    is_selected = condition(document, "Selected").get("status") == "True"
    return ExperimentState(
        is_selected=is_selected,
        is_injected=is_selected and condition(document, "AllInjected").get("status") == "True",
        problem="; ".join(dict.fromkeys(filter(None, map(_problem, records)))),
        targets=tuple(record["id"] for record in records),
    )


def _problem(record: Document) -> str:
    """The message of a target's last event, if that is a failure."""
    events = record.get("events") or []
    if not events or events[-1].get("type") != "Failed":
        return ""
    return f"{record['id']}: {events[-1].get('message') or events[-1].get('operation')}"
