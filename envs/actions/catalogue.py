"""All actions of an application, as one indexed list: what a policy's integer means.

Legend: N stands, A actions, S services.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clusters.commands import OperatorCommand
from clusters.topology import Application
from envs.actions import FAMILIES
from envs.actions.action import ACTION_TYPES, Action, ActionFeatures, ActionType, Controls
from ray_configs.errors import UserError


class ActionCatalogue:
    """The actions that an application offers, in a stable order; index 0 is `do_nothing`."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.actions: tuple[Action, ...] = tuple(
            action for family in FAMILIES.values() for action in family.enumerate(application)
        )
        self.names: tuple[str, ...] = tuple(action.name for action in self.actions)
        self._positions = {name: position for position, name in enumerate(self.names)}
        if len(self._positions) != len(self.names):
            raise ValueError(f"two actions of {application.name} have one name: {sorted(self.names)}")

    def __len__(self) -> int:
        """A."""
        return len(self.actions)

    def index(self, name: str) -> int:
        """Position of an action.

        Raises:
            UserError: the application has no such action.
        """
        if name not in self._positions:
            raise UserError(f"{self.application.name} has no action {name!r}; choose one of {', '.join(self.names)}")
        return self._positions[name]

    def indices(self, names: Sequence[str]) -> NDArray[np.int64]:
        """Positions of several actions."""
        return np.array([self.index(name) for name in names], dtype=np.int64)

    @cached_property
    def _table(self) -> ActionFeatures:
        services = {name: position for position, name in enumerate(self.application.service_names)}
        no_service = len(services)
        return ActionFeatures(
            type_ids=np.array([ACTION_TYPES.index(action.type) for action in self.actions], dtype=np.int64),
            target_ids=np.array([services.get(action.target, no_service) for action in self.actions], dtype=np.int64),
            levels=np.array([action.level for action in self.actions], dtype=np.float32),
        )

    def features(self, indices: ArrayLike) -> ActionFeatures:
        """Actions as numbers, of the shape of `indices`."""
        chosen = np.asarray(indices, dtype=np.int64)
        return ActionFeatures(
            type_ids=self._table.type_ids[chosen],
            target_ids=self._table.target_ids[chosen],
            levels=self._table.levels[chosen],
        )

    def masked_features(self, shape: tuple[int, ...]) -> ActionFeatures:
        """Features that say nothing of the action: type `MASKED`, no target, level 0."""
        return ActionFeatures(
            type_ids=np.full(shape, ACTION_TYPES.index(ActionType.MASKED), dtype=np.int64),
            target_ids=np.full(shape, len(self.application.services), dtype=np.int64),
            levels=np.zeros(shape, dtype=np.float32),
        )

    def mask(self, controls: Controls) -> NDArray[np.bool_]:
        """[N, A] whether each action is allowed now."""
        columns = [FAMILIES[action.type].mask(action, self.application, controls) for action in self.actions]
        return np.stack(columns, axis=1)

    def command(self, index: int, controls: Controls, stand: int) -> OperatorCommand | None:
        """The command that carries the action out on one stand; None if it sends none."""
        action = self.actions[index]
        return FAMILIES[action.type].command(action, self.application, controls, stand)
