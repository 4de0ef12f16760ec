"""Ask users to send fewer requests, of all kinds or of one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, ShapeWorkload
from clusters.topology import Application
from envs.actions.action import Action, ActionTable, ActionType, Controls

SHARES_OF_ALL = (0.75, 0.5, 1.0)
SHARE_OF_ONE = 0.5


class Shape:
    """A share that is sent already is masked. Asking for all of everything takes every request back."""

    type = ActionType.SHAPE_WORKLOAD

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each share of all types, and half of each one; the level is the share minus 1, minus the type's number."""
        actions = [Action(name=f"shape:all:{share:.0%}", type=self.type, level=share - 1.0) for share in SHARES_OF_ALL]
        for number, request in enumerate(application.request_types, start=1):
            name = f"shape:{request.name}:{SHARE_OF_ONE:.0%}"
            actions.append(Action(name=name, type=self.type, level=SHARE_OF_ONE - 1.0 - number, subject=request.name))
        return actions

    def mask(self, table: ActionTable, controls: Controls) -> NDArray[np.bool_]:
        """[N, A] whether any share would change."""
        shares = controls.sent_shares
        least, most = shares.min(axis=1, keepdims=True), shares.max(axis=1, keepdims=True)
        changes_all = (least != SHARES_OF_ALL) | (most != SHARES_OF_ALL)
        return np.concatenate([changes_all, shares != SHARE_OF_ONE], axis=1)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The share that users are asked to send."""
        factor = SHARE_OF_ONE if action.subject else action.level + 1.0
        return ShapeWorkload(request_type=action.subject, factor=factor)
