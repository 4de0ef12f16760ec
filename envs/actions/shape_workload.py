"""Ask users to send fewer requests, of all kinds or of one."""

from collections.abc import Sequence

from clusters.commands import OperatorCommand, ShapeWorkload
from clusters.compiled import inlined
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls, MaskTable

SHARES_OF_ALL = (0.75, 0.5, 1.0)
SHARE_OF_ONE = 0.5


class Shape:
    """A share that is sent already is masked. Asking for all of everything takes every request back."""

    type = ActionType.SHAPE_WORKLOAD
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each share of all types, and half of each one; the level is the share minus 1, minus the type's number."""
        actions = [Action(name=f"shape:all:{share:.0%}", type=self.type, level=share - 1.0) for share in SHARES_OF_ALL]
        for number, request in enumerate(application.request_types, start=1):
            name = f"shape:{request.name}:{SHARE_OF_ONE:.0%}"
            actions.append(Action(name=name, type=self.type, level=SHARE_OF_ONE - 1.0 - number, subject=request.name))
        return actions

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The share that users are asked to send."""
        factor = SHARE_OF_ONE if action.subject else action.level + 1.0
        return ShapeWorkload(request_type=action.subject, factor=factor)


@inlined
def changes_shares(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether any share would change."""
    number, is_changed = table.numbers[a], False
    for r in range(controls.sent_shares.shape[1]):
        if number < len(SHARES_OF_ALL):
            is_changed |= controls.sent_shares[n, r] != SHARES_OF_ALL[number]
        elif number == len(SHARES_OF_ALL) + r:
            is_changed |= controls.sent_shares[n, r] != SHARE_OF_ONE
    return is_changed
