"""What the rules of all faults share: where a fault is, whether it can be put there, whether it is there."""

from typing import Any

from clusters.commands import CheckStatus
from clusters.simulated.rules.rule import Column, Refusal, conflicting, rejected, service_refusal


def place_of(command: Any) -> tuple[str, ...]:
    """The service, or the two ends of the edge, that a fault is at."""
    return (command.source, command.target) if hasattr(command, "source") else (command.service,)


def fault_refusal(column: Column, command: Any) -> Refusal | None:
    """Why no fault can be put there under this id; None if one can."""
    place = place_of(command)
    if len(place) == 2 and place not in column.graph.edge_index:
        known = ", ".join(f"{source}->{target}" for source, target in column.graph.edge_index)
        return rejected(f"there are no calls from {place[0]!r} to {place[1]!r}; known edges: {known}")
    if len(place) == 1 and (refusal := service_refusal(column, place[0])):
        return refusal
    active: Any = column.faults.get(command.fault_id)
    if active is None or (type(active) is type(command) and place_of(active) == place):
        return None
    return conflicting(
        f"fault {command.fault_id!r} is active as {type(active).__name__} at {'->'.join(place_of(active))}; "
        "clear it first or use another id"
    )


def is_active(column: Column, command: Any) -> bool:
    """Whether this very fault is there."""
    return bool(column.faults.get(command.fault_id) == command)


def check_active(column: Column, command: Any) -> CheckStatus:
    """Whether a fault of this id is there."""
    return CheckStatus.PASSED if command.fault_id in column.faults else CheckStatus.FAILED
