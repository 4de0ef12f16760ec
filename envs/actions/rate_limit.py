"""Admit only part of the nominal load at the entry, or lift that limit."""

from collections.abc import Sequence

import numpy as np

from clusters.commands import OperatorCommand, SetRateLimit
from clusters.compiled import inlined
from clusters.topology import Application
from envs.actions.action import Action, ActionType, Controls, MaskTable

ADMITTED_SHARES = (0.75, 0.5)


class RateLimit:
    """A limit is a share of the application's nominal rate; a limit already set is masked, as is lifting none."""

    type = ActionType.RATE_LIMIT
    is_relative = False

    def enumerate(self, application: Application) -> Sequence[Action]:
        """Each share, and lifting; the level is the admitted share minus 1 (0: everything is admitted)."""
        limits = [
            Action(name=f"rate_limit:{share:.0%}", type=self.type, level=share - 1.0) for share in ADMITTED_SHARES
        ]
        return [*limits, Action(name="rate_limit:lift", type=self.type)]

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The limit in requests per second."""
        lifts = action.level == 0.0
        return SetRateLimit(limit_rps=None if lifts else application.nominal_rate_rps * (1.0 + action.level))


@inlined
def changes_rate_limit(table: MaskTable, controls: Controls, n: int, a: int) -> bool:
    """Whether an action would change the limit."""
    limit_rps, level = controls.rate_limits_rps[n], table.levels[a]
    return not np.isnan(limit_rps) if level == 0.0 else limit_rps != table.nominal_rate_rps * (1.0 + level)
