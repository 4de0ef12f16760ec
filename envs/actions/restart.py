"""Roll the replicas of a service."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, Restart
from clusters.topology import Application, ServiceKind
from envs.actions.action import Action, ActionType, Controls


class RestartService:
    """Any service but the load generator: restarting the clients would hide the users' trouble."""

    type = ActionType.RESTART

    def enumerate(self, application: Application) -> Sequence[Action]:
        """One action per service; the level is 1."""
        return [
            Action(name=f"restart:{service.name}", type=self.type, target=service.name, level=1.0)
            for service in application.services
            if service.kind is not ServiceKind.LOAD_GENERATOR
        ]

    def mask(self, action: Action, application: Application, controls: Controls) -> NDArray[np.bool_]:
        """[N] always allowed."""
        return np.ones(len(controls.rate_limits_rps), dtype=np.bool_)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The restart."""
        return Restart(service=action.target)
