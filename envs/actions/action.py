"""What a policy may choose: the action, its numeric form for models, and the contract of a family of actions.

Legend: N stands, S services, A actions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand
from clusters.topology import Application
from envs.actions.controls import Controls

__all__ = [
    "ACTION_TYPES",
    "Action",
    "ActionFamily",
    "ActionFeatures",
    "ActionType",
    "Controls",
    "MaskTable",
]


class ActionType(StrEnum):
    """The kind of an action. Order is the numeric id; `MASKED` hides the action from a model."""

    DO_NOTHING = "do_nothing"
    ESCALATE = "escalate_to_human"
    SCALE = "scale"
    RESTART = "restart"
    ROLL_BACK = "roll_back"
    SET_CPU_LIMIT = "set_cpu_limit"
    RATE_LIMIT = "rate_limit"
    RESTART_POD = "restart_pod"
    SET_CPU_REQUEST = "set_cpu_request"
    SET_MEMORY_LIMIT = "set_memory_limit"
    SET_MEMORY_REQUEST = "set_memory_request"
    SET_AUTOSCALER = "set_autoscaler"
    SWITCH_GROUP = "switch_group"
    SHIFT_TRAFFIC = "shift_traffic"
    SHAPE_WORKLOAD = "shape_workload"
    MASKED = "masked"

    __hash__ = str.__hash__  # families are looked up at every action, and the hash of an enum's member is slow


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
    """Strength: replicas added, log2 of the CPU factor, admitted share of the nominal rate minus 1 ...

    Type, target and level together tell an application's actions apart."""
    subject: str = ""
    """The flag, release, group or request type that it is about."""


@dataclass(frozen=True, kw_only=True)
class ActionFeatures:
    """Actions as numbers, any leading shape. A model sees an action only through these."""

    type_ids: NDArray[np.int64]
    """[...] position in ACTION_TYPES."""
    target_ids: NDArray[np.int64]
    """[...] service index; S (one past the last) for none."""
    levels: NDArray[np.float32]
    """[...]"""


class MaskTable(NamedTuple):
    """A catalogue's actions as columns: what masks are computed from beside the controls."""

    types: NDArray[np.int64]
    """[A] position in ACTION_TYPES."""
    numbers: NDArray[np.int64]
    """[A] position among the actions of the type."""
    services: NDArray[np.int64]
    """[A] index of the target; 0 where there is none."""
    levels: NDArray[np.float64]
    """[A]"""
    factors: NDArray[np.float64]
    """[A] two to the level: of actions whose level is the base-2 logarithm of a factor."""
    max_replicas: NDArray[np.int64]
    """[A] of the target."""
    defaults: NDArray[np.float64]
    """[A] what the application defines of what the action changes; NaN where that is no number."""
    nominal_rate_rps: float
    """Of the application."""


class ActionFamily(Protocol):
    """All actions of one type: one file and one line in `envs.actions.FAMILIES`."""

    type: ActionType
    is_relative: bool
    """Whether its commands depend on the controls; those of other families are made once."""

    def enumerate(self, application: Application) -> Sequence[Action]:
        """The family's actions on this application, in a stable order."""
        ...

    def command(
        self, action: Action, application: Application, controls: Controls, stand: int
    ) -> OperatorCommand | None:
        """The command that carries it out on one stand; None if nothing is to be sent."""
        ...
