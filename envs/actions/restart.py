"""Roll the replicas of a service, or replace one of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, Restart, RestartPod
from clusters.compiled import compiled
from clusters.topology import Application, ServiceKind
from envs.actions.action import Action, ActionTable, ActionType, Controls


class RestartService:
    """Any service but the load generator: restarting the clients would hide the users' trouble."""

    type = ActionType.RESTART
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """One action per service; the level is 1."""
        return [
            Action(name=f"restart:{service.name}", type=self.type, target=service.name, level=1.0)
            for service in application.services
            if service.kind is not ServiceKind.LOAD_GENERATOR
        ]

    def mask(
        self, table: ActionTable, controls: Controls, stands: NDArray[np.int64], allowed: NDArray[np.bool_]
    ) -> None:
        """Whether the service has any replica."""
        _mask(stands, table.services, controls.replicas, allowed)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The restart."""
        return Restart(service=action.target)


class RestartOnePod:
    """Services with replicas to choose from: of any other, restarting one is restarting all."""

    type = ActionType.RESTART_POD
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """One action per scalable service; the level is 1."""
        return [
            Action(name=f"restart_pod:{service.name}", type=self.type, target=service.name, level=1.0)
            for service in application.services
            if service.is_scalable
        ]

    def mask(
        self, table: ActionTable, controls: Controls, stands: NDArray[np.int64], allowed: NDArray[np.bool_]
    ) -> None:
        """Whether the service has any replica."""
        _mask(stands, table.services, controls.replicas, allowed)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The restart of one replica."""
        return RestartPod(service=action.target)


@compiled
def _mask(
    stands: NDArray[np.int64],
    services: NDArray[np.int64],
    replicas: NDArray[np.int64],
    allowed: NDArray[np.bool_],
) -> None:
    for n in stands:
        for a in range(services.shape[0]):
            allowed[n, a] = replicas[n, services[a]] > 0
