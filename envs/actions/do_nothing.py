"""Leave the stand alone."""

from collections.abc import Sequence

from clusters.commands import OperatorCommand
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls


class DoNothing:
    """The one action that is always allowed and sends nothing."""

    type = ActionType.DO_NOTHING
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """One action."""
        return [Action(name="do_nothing", type=self.type)]

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """Nothing to send."""
        return None
