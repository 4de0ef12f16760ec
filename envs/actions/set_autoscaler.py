"""Let an autoscaler own the replicas of a service, or take them back from it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetAutoscaler
from clusters.compiled import compiled
from clusters.topology import Application
from envs.actions.action import Action, ActionTable, ActionType, Controls

TARGETS = (0.5, 0.7)
MIN_REPLICAS = 1


class Autoscale:
    """Between one replica and the service's maximum; a target already in force is masked, as is removing none."""

    type = ActionType.SET_AUTOSCALER
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each target for each scalable service, and none; the level is the target, 0 for none."""
        return [
            Action(
                name=f"autoscaler:{service.name}:{f'{target:.0%}' if target else 'off'}",
                type=self.type,
                target=service.name,
                level=target,
            )
            for service in application.services
            if service.is_scalable
            for target in (*TARGETS, 0.0)
        ]

    def mask(
        self, table: ActionTable, controls: Controls, stands: NDArray[np.int64], allowed: NDArray[np.bool_]
    ) -> None:
        """Whether the target would change; none is set where the service is off."""
        _mask(stands, table.services, table.levels, controls.replicas, controls.autoscaler_targets, allowed)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The target with its bounds."""
        return SetAutoscaler(
            service=action.target,
            target_utilisation=action.level or None,
            min_replicas=MIN_REPLICAS,
            max_replicas=application.service(action.target).max_replicas,
        )


@compiled
def _mask(
    stands: NDArray[np.int64],
    services: NDArray[np.int64],
    levels: NDArray[np.float64],
    replicas: NDArray[np.int64],
    targets: NDArray[np.float64],
    allowed: NDArray[np.bool_],
) -> None:
    for n in stands:
        for a in range(services.shape[0]):
            present = targets[n, services[a]]
            if np.isnan(present):
                present = 0.0  # none
            allowed[n, a] = present != levels[a] and (replicas[n, services[a]] > 0 or levels[a] == 0.0)
