"""What the operator has set on each stand, kept from the commands that were applied."""

import numpy as np

from clusters.commands import Command, Scale, SetRateLimit, SetResources
from clusters.topology import Application
from envs.actions.action import Controls


def baseline_controls(application: Application, num_stands: int) -> Controls:
    """Every stand as the application defines it: default replicas and CPU limits, no rate limit."""
    replicas = np.array([service.replicas for service in application.services], dtype=np.int64)
    limits = np.array([service.cpu_limit_millicores for service in application.services], dtype=np.float64)
    return Controls(
        replicas=np.tile(replicas, (num_stands, 1)),
        cpu_limits_millicores=np.tile(limits, (num_stands, 1)),
        rate_limits_rps=np.full(num_stands, np.nan),
    )


def record_command(controls: Controls, application: Application, stand: int, command: Command) -> int:
    """Enter a command that took effect into `controls` (in place).

    Returns:
        Replicas that the command adds, removes or rolls, by its own nature.
    """
    match command:
        case Scale(service=service, replicas=replicas):
            position = application.service_names.index(service)
            touched = abs(replicas - int(controls.replicas[stand, position]))
            controls.replicas[stand, position] = replicas
            return touched
        case SetResources(service=service, cpu_limit_millicores=limit) if limit is not None:
            position = application.service_names.index(service)
            controls.cpu_limits_millicores[stand, position] = limit
            return int(controls.replicas[stand, position])
        case SetRateLimit(limit_rps=limit):
            controls.rate_limits_rps[stand] = np.nan if limit is None else limit
            return 0
        case _:
            return 0
