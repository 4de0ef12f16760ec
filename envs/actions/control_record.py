"""What commands do to the controls, kept from those that are in force."""

from collections.abc import Callable
from math import nan
from typing import Any

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

_RESOURCES = (
    ("cpu_limit_millicores", "cpu_limits_millicores"),
    ("cpu_request_millicores", "cpu_requests_millicores"),
    ("memory_limit_bytes", "memory_limits_bytes"),
    ("memory_request_bytes", "memory_requests_bytes"),
)
"""The command's fields and the controls'."""
_ROLLING = (Restart, RestartPod, SetResources)


def rolls(command: Command) -> str | None:
    """The service whose replicas a command replaces by fresh ones; None if it replaces none."""
    if isinstance(command, _ROLLING):
        return command.service
    if isinstance(command, ShiftTraffic) and command.share in (0, 1):
        return command.service
    return None


def record_command(controls: Controls, application: Application, stand: int, command: Command) -> int:
    """Enter a command that is in force into `controls` (in place).

    Returns:
        Replicas that the command adds, removes or replaces, by its own nature.
    """
    record = _RECORDS.get(type(command))
    return 0 if record is None else record(controls, application, stand, command)


def _record_scale(controls: Controls, application: Application, stand: int, command: Scale) -> int:
    return _set_replicas(controls, stand, application.service_names.index(command.service), command.replicas)


def _record_restart(controls: Controls, application: Application, stand: int, command: Restart) -> int:
    return int(controls.replicas[stand, application.service_names.index(command.service)])


def _record_pod(controls: Controls, application: Application, stand: int, command: RestartPod) -> int:
    return 1


def _record_autoscaler(controls: Controls, application: Application, stand: int, command: SetAutoscaler) -> int:
    target = command.target_utilisation
    position = application.service_names.index(command.service)
    controls.autoscaler_targets[stand, position] = nan if target is None else target
    return 0


def _record_shape(controls: Controls, application: Application, stand: int, command: ShapeWorkload) -> int:
    names = [request.name for request in application.request_types]
    chosen = names.index(command.request_type) if command.request_type else slice(None)
    controls.sent_shares[stand, chosen] = command.factor
    return 0


def _record_limit(controls: Controls, application: Application, stand: int, command: SetRateLimit) -> int:
    controls.rate_limits_rps[stand] = nan if command.limit_rps is None else command.limit_rps
    return 0


def _set_replicas(controls: Controls, stand: int, position: int, replicas: int) -> int:
    touched = abs(replicas - int(controls.replicas[stand, position]))
    controls.replicas[stand, position] = replicas
    return touched


def _record_resources(controls: Controls, application: Application, stand: int, command: SetResources) -> int:
    position = application.service_names.index(command.service)
    for field, of_controls in _RESOURCES:
        value = getattr(command, field)
        if value is not None:
            getattr(controls, of_controls)[stand, position] = value
    return int(controls.replicas[stand, position])


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


_RECORDS: dict[type[Command], Callable[[Controls, Application, int, Any], int]] = {
    Scale: _record_scale,
    Restart: _record_restart,
    RestartPod: _record_pod,
    SetResources: _record_resources,
    SetAutoscaler: _record_autoscaler,
    SetGroup: _record_group,
    ShiftTraffic: _record_release,
    ShapeWorkload: _record_shape,
    SetRateLimit: _record_limit,
}
"""By the kind of command; others leave the controls as they are."""
