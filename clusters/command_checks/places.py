"""Where a command acts, and whether there is such a place in the application."""

from typing import Any

from clusters.command_checks.refusal import Refusal, conflicting, rejected
from clusters.topology import LOAD_GENERATOR, Application


def service_refusal(application: Application, name: str) -> Refusal | None:
    """Why no command can go to this service; None if one can."""
    if name not in application.service_names:
        return rejected(f"there is no service {name!r}; known services: {', '.join(application.service_names)}")
    if name == LOAD_GENERATOR:
        return rejected(f"{LOAD_GENERATOR} is part of the scenario and cannot be acted on; use ScaleWorkload")
    return None


def place_of(command: Any) -> tuple[str, ...]:
    """The service, or the two ends of the edge, that a fault is at."""
    return (command.source, command.target) if hasattr(command, "source") else (command.service,)


def place_refusal(application: Application, command: Any) -> Refusal | None:
    """Why no fault can be put at a command's place; None if one can."""
    place = place_of(command)
    if len(place) == 1:
        return service_refusal(application, place[0])
    edges = [(edge.source, edge.target) for edge in application.edges]
    if place in edges:
        return None
    known = ", ".join(f"{source}->{target}" for source, target in edges)
    return rejected(f"there are no calls from {place[0]!r} to {place[1]!r}; known edges: {known}")


def taken_id_refusal(active: Any, command: Any) -> Refusal | None:
    """Why a fault's id cannot be used for this one, given the fault that has it now (None: nobody)."""
    if active is None or (type(active) is type(command) and place_of(active) == place_of(command)):
        return None
    return conflicting(
        f"fault {command.fault_id!r} is active as {type(active).__name__} at {'->'.join(place_of(active))}; "
        "clear it first or use another id"
    )
