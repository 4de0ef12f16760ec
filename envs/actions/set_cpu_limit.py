"""Give the replicas of a service more or less CPU."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetResources
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls

CPU_FACTORS = (2.0, 0.5)
MIN_SHARE_OF_DEFAULT = 0.25
MAX_SHARE_OF_DEFAULT = 4.0


class ChangeCpuLimit:
    """Relative to the limit that the operator has set so far, within a quarter and four times the default."""

    type = ActionType.SET_CPU_LIMIT

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each factor for each stateless service; the level is log2 of the factor."""
        return [
            Action(
                name=f"set_cpu_limit:{service.name}:x{factor:g}",
                type=self.type,
                target=service.name,
                level=float(np.log2(factor)),
            )
            for service in application.services
            if service.is_scalable
            for factor in CPU_FACTORS
        ]

    def mask(self, action: Action, application: Application, controls: Controls) -> NDArray[np.bool_]:
        """[N] whether the new limit is within bounds."""
        limits = controls.cpu_limits_millicores[:, application.service_names.index(action.target)]
        share = limits * 2.0**action.level / application.service(action.target).cpu_limit_millicores
        allowed: NDArray[np.bool_] = (share >= MIN_SHARE_OF_DEFAULT) & (share <= MAX_SHARE_OF_DEFAULT)
        return allowed

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The absolute limit per replica."""
        current = float(controls.cpu_limits_millicores[stand, application.service_names.index(action.target)])
        return SetResources(service=action.target, cpu_limit_millicores=current * 2.0**action.level)
