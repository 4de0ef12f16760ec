"""All actions of an application, as one indexed list: what a policy's integer means.

Legend: N stands, A actions, S services.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clusters.commands import OperatorCommand
from clusters.compiled import bound
from clusters.topology import Application
from envs.actions import FAMILIES
from envs.actions.action import ACTION_TYPES, Action, ActionFeatures, ActionType, Controls, MaskTable
from envs.actions.controls import baseline_controls
from envs.actions.masks import fill_allowed
from ray_configs.errors import UserError


class ActionCatalogue:
    """The actions that an application offers, in a stable order; index 0 is `do_nothing`."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.actions: tuple[Action, ...] = tuple(
            action for family in FAMILIES.values() for action in family.enumerate(application)
        )
        self.names: tuple[str, ...] = tuple(action.name for action in self.actions)
        self._fixed: dict[int, OperatorCommand | None] = {}  # commands that are the same whatever the controls
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

    @cached_property
    def _mask_table(self) -> MaskTable:
        services = {service.name: position for position, service in enumerate(self.application.services)}
        targets = np.array([services.get(action.target, 0) for action in self.actions], dtype=np.int64)
        most = np.array([service.max_replicas for service in self.application.services], dtype=np.int64)
        levels = np.array([action.level for action in self.actions])
        numbers, seen = [], Counter[ActionType]()
        for action in self.actions:
            numbers.append(seen[action.type])
            seen[action.type] += 1
        return MaskTable(
            types=self._table.type_ids,
            numbers=np.array(numbers, dtype=np.int64),
            services=targets,
            levels=levels,
            factors=np.exp2(levels),
            max_replicas=most[targets],
            defaults=self._defaults(targets),
            nominal_rate_rps=float(self.application.nominal_rate_rps),
        )

    def _defaults(self, targets: NDArray[np.int64]) -> NDArray[np.float64]:
        """[A] the resource that each action changes, as the application defines it; NaN: it changes none."""
        baseline = baseline_controls(self.application, 1)
        resources = {
            ActionType.SET_CPU_LIMIT: baseline.cpu_limits_millicores,
            ActionType.SET_CPU_REQUEST: baseline.cpu_requests_millicores,
            ActionType.SET_MEMORY_LIMIT: baseline.memory_limits_bytes,
            ActionType.SET_MEMORY_REQUEST: baseline.memory_requests_bytes,
        }
        return np.array(
            [
                resources[action.type][0, target] if action.type in resources else np.nan
                for action, target in zip(self.actions, targets.tolist(), strict=True)
            ]
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

    @cached_property
    def escalates(self) -> NDArray[np.bool_]:
        """[A] whether the action hands over to a person."""
        return np.array([action.type is ActionType.ESCALATE for action in self.actions])

    def mask(self, controls: Controls) -> NDArray[np.bool_]:
        """[N, A] whether each action is allowed now: a function of the controls alone."""
        allowed = np.empty((controls.num_stands, len(self)), dtype=np.bool_)
        self.mask_updates(allowed, controls, np.ones(controls.num_stands, dtype=np.bool_))()
        return allowed

    def mask_updates(
        self, allowed: NDArray[np.bool_], controls: Controls, is_stale: NDArray[np.bool_]
    ) -> Callable[[], None]:
        """What brings the mask [N, A] up to date in place where it is stale [N], which it is no longer then."""
        return bound(fill_allowed, self._mask_table, controls, is_stale, allowed)

    def command(self, index: int, controls: Controls, stand: int) -> OperatorCommand | None:
        """The command that carries the action out on one stand; None if it sends none."""
        if index in self._fixed:
            return self._fixed[index]
        action = self.actions[index]
        family = FAMILIES[action.type]
        command = family.command(action, self.application, controls, stand)
        if not family.is_relative:
            self._fixed[index] = command
        return command
