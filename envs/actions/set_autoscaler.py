"""Let an autoscaler own the replicas of a service, or take them back from it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetAutoscaler
from clusters.topology import Application
from envs.actions.action import Action, ActionTable, ActionType, Controls

TARGETS = (0.5, 0.7)
MIN_REPLICAS = 1


class Autoscale:
    """Between one replica and the service's maximum; a target already in force is masked, as is removing none."""

    type = ActionType.SET_AUTOSCALER

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

    def mask(self, table: ActionTable, controls: Controls) -> NDArray[np.bool_]:
        """[N, A] whether the target would change; none is set where the service is off."""
        present = np.fmax(controls.autoscaler_targets, 0.0)[:, table.services]  # none is as good as 0
        is_on = (controls.replicas > 0)[:, table.services]
        allowed: NDArray[np.bool_] = (present != table.levels) & (is_on | (table.levels == 0.0))
        return allowed

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
