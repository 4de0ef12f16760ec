"""Add or remove replicas of a service that more replicas help."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, Scale
from clusters.compiled import compiled
from clusters.topology import Application
from envs.actions.action import Action, ActionTable, ActionType, Controls

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

    def mask(
        self, table: ActionTable, controls: Controls, stands: NDArray[np.int64], allowed: NDArray[np.bool_]
    ) -> None:
        """Whether the new count is within bounds, and nobody else's."""
        _mask(
            stands,
            table.services,
            table.levels,
            table.max_replicas,
            controls.replicas,
            controls.autoscaler_targets,
            allowed,
        )

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The absolute replica count."""
        current = int(controls.replicas[stand, application.service_names.index(action.target)])
        return Scale(service=action.target, replicas=current + int(action.level))


@compiled
def _mask(
    stands: NDArray[np.int64],
    services: NDArray[np.int64],
    levels: NDArray[np.float64],
    max_replicas: NDArray[np.int64],
    replicas: NDArray[np.int64],
    autoscaler_targets: NDArray[np.float64],
    allowed: NDArray[np.bool_],
) -> None:
    for n in stands:
        for a in range(services.shape[0]):
            present = replicas[n, services[a]]
            is_free = present > 0 and np.isnan(autoscaler_targets[n, services[a]])
            wanted = present + levels[a]
            allowed[n, a] = is_free and wanted >= MIN_REPLICAS and wanted <= max_replicas[a]
