"""Switch an optional group of services off to spare the rest, or on again."""

from collections import Counter
from collections.abc import Sequence

from clusters.commands import OperatorCommand, SetGroup
from clusters.compiled import inlined
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls, MaskTable


class SwitchGroup:
    """The state a group is in is masked."""

    type = ActionType.SWITCH_GROUP
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Off and on for each group, on its first service; the level numbers that service's groups, below 0 for off."""
        groups_seen: Counter[str] = Counter()
        actions = []
        for group in application.optional_groups:
            target = group.services[0]
            groups_seen[target] += 1
            for verb, sign in (("disable", -1), ("enable", 1)):
                actions.append(
                    Action(
                        name=f"{verb}:{group.name}",
                        type=self.type,
                        target=target,
                        level=float(sign * groups_seen[target]),
                        subject=group.name,
                    )
                )
        return actions

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The switch."""
        return SetGroup(group=action.subject, enabled=action.level > 0)


@inlined
def would_switch(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether the group is in the other state: it has two actions, in the application's order."""
    is_other: bool = controls.groups_enabled[n, table.numbers[a] // 2] == (table.levels[a] < 0)
    return is_other
