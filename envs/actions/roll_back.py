"""Return a configuration flag to its good version."""

from collections import Counter
from collections.abc import Sequence

from clusters.commands import OperatorCommand, SetFlag
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls


class RollBack:
    """Always allowed, whatever the flag's present variant: a mask must not tell which configuration is bad."""

    type = ActionType.ROLL_BACK
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """One action per flag, on the service that owns it; the level numbers the owner's flags from 1."""
        flags_seen: Counter[str] = Counter()
        actions = []
        for flag in application.flags:
            flags_seen[flag.service] += 1
            level = float(flags_seen[flag.service])
            name = f"roll_back:{flag.name}"
            actions.append(Action(name=name, type=self.type, target=flag.service, level=level, subject=flag.name))
        return actions

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The flag's good variant."""
        return SetFlag(flag=action.subject, variant=application.flag(action.subject).good_variant)
