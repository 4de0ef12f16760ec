"""Switch an optional group of services off to spare the rest, or on again."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetGroup
from clusters.compiled import compiled
from clusters.topology import Application
from envs.actions.action import Action, ActionTable, ActionType, Controls


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

    def mask(
        self, table: ActionTable, controls: Controls, stands: NDArray[np.int64], allowed: NDArray[np.bool_]
    ) -> None:
        """Whether the group would be switched."""
        _mask(stands, table.levels, controls.groups_enabled, allowed)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The switch."""
        return SetGroup(group=action.subject, enabled=action.level > 0)


@compiled
def _mask(
    stands: NDArray[np.int64],
    levels: NDArray[np.float64],
    groups_enabled: NDArray[np.bool_],
    allowed: NDArray[np.bool_],
) -> None:
    for n in stands:
        for a in range(levels.shape[0]):  # two actions per group, in the application's order
            allowed[n, a] = groups_enabled[n, a // 2] == (levels[a] < 0)
