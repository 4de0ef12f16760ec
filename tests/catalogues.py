"""An application with everything that a catalogue can hold, and actions taken on controls alone."""

from dataclasses import replace

from clusters.applications import load_application
from clusters.commands import OperatorCommand
from clusters.topology import Application, OptionalGroup, Release
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import record_command
from envs.actions.controls import Controls

APPLICATION = load_application("small-core")
CATALOGUE = ActionCatalogue(APPLICATION)


def _crowded() -> Application:
    """A service with a memory request, two releases and two groups on it: all that a level has to tell apart."""
    services = tuple(
        replace(service, memory_request_bytes=service.memory_limit_bytes / 2.0) if service.name == "cart" else service
        for service in APPLICATION.services
    )
    return replace(
        APPLICATION,
        services=services,
        releases=tuple(Release(name=name, service="cart") for name in ("cart-2", "cart-3")),
        optional_groups=(
            OptionalGroup(name="one", services=("recommendation",)),
            OptionalGroup(name="two", services=("recommendation", "quote")),
        ),
    )


CROWDED = _crowded()


def allowed(controls: Controls, name: str, stand: int = 0, catalogue: ActionCatalogue = CATALOGUE) -> bool:
    """Whether a stand's mask allows an action."""
    return bool(catalogue.mask(controls)[stand, catalogue.index(name)])


def play(controls: Controls, catalogue: ActionCatalogue, *names: str) -> OperatorCommand | None:
    """Take actions one after the other on the first stand, as if each were in force at once; the last command."""
    command = None
    for name in names:
        assert allowed(controls, name, catalogue=catalogue), name
        command = catalogue.command(catalogue.index(name), controls, 0)
        assert command is not None
        record_command(controls, catalogue.application, 0, command)
    return command
