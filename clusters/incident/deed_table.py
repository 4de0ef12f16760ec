"""What was done to the stand and by whom: spans to shade, marks on the time axis, rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass

from clusters.documents import to_document
from clusters.incident.charts import TimeAxis
from clusters.incident.playing import Deed, PlayedIncident, end_of

_NARROWEST_SPAN = 4.0
"""Along the drawing: a fault that is over at once is still seen."""


@dataclass(frozen=True, kw_only=True)
class FaultSpan:
    """A fault as the charts shade it."""

    title: str
    start: float
    """Along the drawing; so is the width."""
    width: float


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A command of the operator's on the time axis."""

    number: int
    at: float
    is_in_force: bool


@dataclass(frozen=True, kw_only=True)
class DeedRow:
    """A command in the table of what was done."""

    number: str
    time: str
    who: str
    verb: str
    parameters: str
    status: str
    postcheck: str
    message: str
    is_in_force: bool


def fault_spans(incident: PlayedIncident, axis: TimeAxis) -> tuple[FaultSpan, ...]:
    """Each fault's span, up to its clearance or its healing."""
    spans = []
    for fault in incident.scenario.faults:
        end = end_of(fault, incident.deeds)
        until = "to the end" if end is None or end >= axis.end else f"to {end:.0f} s"
        start = axis.x(fault.start_seconds)
        spans.append(
            FaultSpan(
                title=f"{fault.kind.replace('_', ' ')} on {fault.target}, {fault.intensity}, "
                f"{fault.start_seconds:.0f} s {until}",
                start=start,
                width=max(_NARROWEST_SPAN, axis.x(min(axis.end, axis.end if end is None else end)) - start),
            )
        )
    return tuple(spans)


def marks(deeds: Sequence[Deed], axis: TimeAxis) -> tuple[Mark, ...]:
    """The operator's commands, numbered as in the table."""
    operators = [deed for deed in deeds if deed.is_operators]
    return tuple(
        Mark(number=number, at=axis.x(deed.seconds), is_in_force=deed.is_in_force)
        for number, deed in enumerate(operators, 1)
    )


def deed_rows(deeds: Sequence[Deed]) -> tuple[DeedRow, ...]:
    """Every command with its receipt, in the order in which they were given."""
    rows, number = [], 0
    for deed in deeds:
        number += deed.is_operators
        document = to_document(deed.receipt.command)
        parameters = {k: v for k, v in document.items() if k not in ("verb", "fault_id") and v is not None}
        rows.append(
            DeedRow(
                number=str(number) if deed.is_operators else "",
                time=f"{deed.seconds:.0f} s",
                who="operator" if deed.is_operators else f"scenario, {deed.fault_id}",
                verb=document["verb"],
                parameters=", ".join(f"{key.replace('_', ' ')} {value}" for key, value in parameters.items()),
                status=deed.receipt.status.replace("_", " "),
                postcheck=str(deed.receipt.postcheck_status),
                message=deed.receipt.message,
                is_in_force=deed.is_in_force,
            )
        )
    return tuple(rows)
