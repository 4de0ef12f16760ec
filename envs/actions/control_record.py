"""What commands do to the controls, kept from those that are in force."""

from dataclasses import fields

from clusters.commands import (
    Command,
    Restart,
    RestartPod,
    Scale,
    SetAutoscaler,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
)
from clusters.topology import Application
from envs.actions.controls import NO_RELEASE, Controls, baseline_controls

__all__ = ["baseline_controls", "record_command", "rolls"]

_RESOURCES = {
    "cpu_limit_millicores": "cpu_limits_millicores",
    "cpu_request_millicores": "cpu_requests_millicores",
    "memory_limit_bytes": "memory_limits_bytes",
    "memory_request_bytes": "memory_requests_bytes",
}
"""The command's fields and the controls'."""


def rolls(command: Command) -> str | None:
    """The service whose replicas a command replaces by fresh ones; None if it replaces none."""
    match command:
        case Restart(service=service) | RestartPod(service=service) | SetResources(service=service):
            return service
        case ShiftTraffic(service=service, share=share) if share in (0, 1):
            return service
        case _:
            return None


def record_command(controls: Controls, application: Application, stand: int, command: Command) -> int:
    """Enter a command that is in force into `controls` (in place).

    Returns:
        Replicas that the command adds, removes or replaces, by its own nature.
    """
    match command:
        case Scale(service=service, replicas=replicas):
            return _set_replicas(controls, stand, application.service_names.index(service), replicas)
        case RestartPod():
            return 1
        case Restart(service=service):
            return int(controls.replicas[stand, application.service_names.index(service)])
        case SetResources(service=service):
            position = application.service_names.index(service)
            _record_resources(controls, stand, position, command)
            return int(controls.replicas[stand, position])
        case SetAutoscaler(service=service, target_utilisation=target):
            position = application.service_names.index(service)
            controls.autoscaler_targets[stand, position] = float("nan") if target is None else target
        case SetGroup():
            return _record_group(controls, application, stand, command)
        case ShiftTraffic():
            return _record_release(controls, application, stand, command)
        case ShapeWorkload(request_type=name, factor=factor):
            names = [request.name for request in application.request_types]
            controls.sent_shares[stand, names.index(name) if name else slice(None)] = factor
        case SetRateLimit(limit_rps=limit):
            controls.rate_limits_rps[stand] = float("nan") if limit is None else limit
    return 0


def _set_replicas(controls: Controls, stand: int, position: int, replicas: int) -> int:
    touched = abs(replicas - int(controls.replicas[stand, position]))
    controls.replicas[stand, position] = replicas
    return touched


def _record_resources(controls: Controls, stand: int, position: int, command: SetResources) -> None:
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name in _RESOURCES and value is not None:
            getattr(controls, _RESOURCES[field.name])[stand, position] = value


def _record_group(controls: Controls, application: Application, stand: int, command: SetGroup) -> int:
    names = [group.name for group in application.optional_groups]
    controls.groups_enabled[stand, names.index(command.group)] = command.enabled
    enabled = dict(zip(names, controls.groups_enabled[stand].tolist(), strict=True))
    touched = 0
    for service in application.optional_group(command.group).services:
        is_on = all(enabled[group.name] for group in application.optional_groups if service in group.services)
        position = application.service_names.index(service)
        default = application.service(service).replicas
        current = int(controls.replicas[stand, position])
        touched += _set_replicas(controls, stand, position, (current or default) if is_on else 0)
    return touched


def _record_release(controls: Controls, application: Application, stand: int, command: ShiftTraffic) -> int:
    position = application.service_names.index(command.service)
    release = application.releases.index(application.release(command.release))
    versions, canaries = controls.versions[stand], controls.canaries[stand]
    if 0 < command.share < 1:
        canaries[position] = release
        return 1
    if canaries[position] == release:
        canaries[position] = NO_RELEASE
    if command.share == 1:
        versions[position] = release
    elif versions[position] == release:
        versions[position] = NO_RELEASE
    else:
        return 0
    return int(controls.replicas[stand, position])
