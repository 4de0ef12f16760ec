"""Roll the replicas of a service, or replace one of them."""

from collections.abc import Sequence

from clusters.commands import OperatorCommand, Restart, RestartPod
from clusters.compiled import inlined
from clusters.topology import Application, ServiceKind
from envs.actions.action import Action, ActionType, Controls, MaskTable


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

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The restart of one replica."""
        return RestartPod(service=action.target)


@inlined
def has_replicas(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether an action's service has any."""
    is_on: bool = controls.replicas[n, table.services[a]] > 0
    return is_on
