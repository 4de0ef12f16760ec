"""Admit only part of the nominal load at the entry, or lift that limit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetRateLimit
from clusters.compiled import compiled
from clusters.topology import Application
from envs.actions.action import Action, ActionTable, ActionType, Controls

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

    def mask(
        self, table: ActionTable, controls: Controls, stands: NDArray[np.int64], allowed: NDArray[np.bool_]
    ) -> None:
        """Whether the action would change the limit."""
        _mask(stands, table.levels, table.application.nominal_rate_rps, controls.rate_limits_rps, allowed)

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The limit in requests per second."""
        lifts = action.level == 0.0
        return SetRateLimit(limit_rps=None if lifts else application.nominal_rate_rps * (1.0 + action.level))


@compiled
def _mask(
    stands: NDArray[np.int64],
    levels: NDArray[np.float64],
    nominal_rate_rps: float,
    limits_rps: NDArray[np.float64],
    allowed: NDArray[np.bool_],
) -> None:
    for n in stands:
        for a in range(levels.shape[0]):
            wanted_rps = nominal_rate_rps * (1.0 + levels[a])
            allowed[n, a] = not np.isnan(limits_rps[n]) if levels[a] == 0.0 else limits_rps[n] != wanted_rps
