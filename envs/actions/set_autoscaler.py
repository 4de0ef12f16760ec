"""Let an autoscaler own the replicas of a service, or take them back from it."""

from collections.abc import Sequence

import numpy as np

from clusters.commands import OperatorCommand, SetAutoscaler
from clusters.compiled import inlined
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls, MaskTable

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


@inlined
def changes_autoscaler(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether the target would change; none is set where the service is off."""
    s, level = table.services[a], table.levels[a]
    present = controls.autoscaler_targets[n, s]
    if np.isnan(present):
        present = 0.0  # none
    is_other: bool = present != level and (controls.replicas[n, s] > 0 or level == 0.0)
    return is_other
