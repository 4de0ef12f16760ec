"""Add or remove replicas of a service that more replicas help."""

from collections.abc import Sequence

import numpy as np

from clusters.commands import OperatorCommand, Scale
from clusters.compiled import inlined
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls, MaskTable

REPLICA_CHANGES = (1, 2, -1)
MIN_REPLICAS = 1


class ScaleService:
    """Relative to the replicas that the operator has asked for so far, between one and the service's maximum.

    Masked where an autoscaler owns the number, or the service is off with its group. The namespace's quota is not in
    the mask: whoever acts meets it as in Kubernetes.
    """

    type = ActionType.SCALE
    is_relative = True

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each change for each scalable service; the level is the number of replicas added."""
        return [
            Action(name=f"scale:{service.name}:{change:+d}", type=self.type, target=service.name, level=float(change))
            for service in application.services
            if service.is_scalable
            for change in REPLICA_CHANGES
        ]

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The absolute replica count."""
        current = int(controls.replicas[stand, application.service_names.index(action.target)])
        return Scale(service=action.target, replicas=current + int(action.level))


@inlined
def may_scale(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether the new count is within bounds, and nobody else's."""
    s = table.services[a]
    present = controls.replicas[n, s]
    wanted = present + table.levels[a]
    is_free = present > 0 and np.isnan(controls.autoscaler_targets[n, s])
    is_within: bool = wanted >= MIN_REPLICAS and wanted <= table.max_replicas[a]
    return is_free and is_within
