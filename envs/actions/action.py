"""What a policy may choose: the action, its numeric form for models, and the contract of a family of actions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand
from clusters.topology import Application


class ActionType(StrEnum):
    """The kind of an action. Order is the numeric id; `MASKED` hides the action from a model."""

    DO_NOTHING = "do_nothing"
    ESCALATE = "escalate_to_human"
    SCALE = "scale"
    RESTART = "restart"
    ROLL_BACK = "roll_back"
    SET_CPU_LIMIT = "set_cpu_limit"
    RATE_LIMIT = "rate_limit"
    MASKED = "masked"


ACTION_TYPES: tuple[ActionType, ...] = tuple(ActionType)


@dataclass(frozen=True, kw_only=True)
class Action:
    """One entry of an application's action catalogue."""

    name: str
    """Unique and stable: `do_nothing`, `scale:checkout:+2`, `restart:cart`, `roll_back:cartFailure` ..."""
    type: ActionType
    target: str = ""
    """The service acted on (of a flag: its owner); empty for the stand as a whole."""
    level: float = 0.0
    """Strength: replicas added, log2 of the CPU factor, admitted share of the nominal rate minus 1 ..."""
    flag: str = ""
    """The flag that a roll-back resets."""


@dataclass(frozen=True, kw_only=True)
class Controls:
    """What the operator has set so far on each of N stands: what masks and relative actions are computed from."""

    replicas: NDArray[np.int64]
    """[N, S] desired replicas."""
    cpu_limits_millicores: NDArray[np.float64]
    """[N, S] per replica."""
    rate_limits_rps: NDArray[np.float64]
    """[N] NaN: none."""


@dataclass(frozen=True, kw_only=True)
class ActionFeatures:
    """Actions as numbers, any leading shape. A model sees an action only through these."""

    type_ids: NDArray[np.int64]
    """[...] position in ACTION_TYPES."""
    target_ids: NDArray[np.int64]
    """[...] service index; S (one past the last) for none."""
    levels: NDArray[np.float32]
    """[...]"""


class ActionFamily(Protocol):
    """All actions of one type: one file and one line in `envs.actions.FAMILIES`."""

    type: ActionType

    def enumerate(self, application: Application) -> Sequence[Action]:
        """The family's actions on this application, in a stable order."""
        ...

    def mask(self, action: Action, application: Application, controls: Controls) -> NDArray[np.bool_]:
        """[N] whether the action is allowed now on each stand."""
        ...

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The command that carries it out on one stand; None if nothing is to be sent."""
        ...
