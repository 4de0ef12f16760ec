"""Hand the incident to a person, which ends the episode."""

from collections.abc import Sequence

from clusters.commands import OperatorCommand
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls


class Escalate:
    """Terminal: the control loop ends the episode and the reward charges every step that is left."""

    type = ActionType.ESCALATE
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """One action."""
        return [Action(name="escalate_to_human", type=self.type)]

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """Nothing to send: the stand is left as it is."""
        return None
