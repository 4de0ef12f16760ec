"""The sceptic's baseline: what would happen anyway (a passive model), plus what each action does on average.

The mean effect of an action is the mean, over the decisive training windows that start with it, of the return minus the
return of the same stand left alone; in a data set without pairs, minus the passive model's forecast. An action that was
never seen has the mean of its type and level, of its type, or of all; doing nothing has none.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from envs.actions.action import ACTION_TYPES, ActionFeatures, ActionType
from learners.world_models.batches import EncodedWindows
from learners.world_models.checkpoint import WorldModel, load_checkpoint
from learners.world_models.ranker import WorldModelRanker
from learners.world_models.windows import Windows
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction, Ranker

_WINDOWS_PER_BATCH = 256
_DO_NOTHING = ACTION_TYPES.index(ActionType.DO_NOTHING)

Key = tuple[float, ...]
"""(type, level, target), (type, level), (type) or (): a group of actions, finest first."""


@dataclass(frozen=True, kw_only=True)
class MeanEffects:
    """What an action adds to the return on average, by group."""

    effects: dict[Key, float]

    def of(self, actions: ActionFeatures) -> NDArray[np.float64]:
        """[C] effect of each action: of the finest group that was seen."""
        means = np.array([next(self.effects[key] for key in keys if key in self.effects) for keys in _keys(actions)])
        return np.where(actions.type_ids == _DO_NOTHING, 0.0, means)


def fit_mean_effects(passive: WorldModel, windows: Windows, *, use_pairs: bool = True) -> MeanEffects:
    """Mean effects over (training) windows, of the first action of each chunk.

    Without `use_pairs` an effect is taken against the passive model's forecast everywhere.
    """
    if use_pairs and windows.is_decisive.any():
        seen = windows.select(windows.is_decisive)
        effects = seen.returns - windows.returns[windows.twins[windows.is_decisive]]
    else:
        seen = windows.select(windows.acts_now)
        if not len(seen):
            return MeanEffects(effects={(): 0.0})
        effects = seen.returns - _predicted_returns(passive, seen)
    first = ActionFeatures(
        type_ids=seen.chunk.type_ids[:, 0], target_ids=seen.chunk.target_ids[:, 0], levels=seen.chunk.levels[:, 0]
    )
    members: dict[Key, list[float]] = {}
    for keys, effect in zip(_keys(first), effects.astype(float), strict=True):
        for key in keys:
            members.setdefault(key, []).append(effect)
    return MeanEffects(effects={key: float(np.mean(values)) for key, values in members.items()})


class MeanEffectRanker:
    """Ranks by the passive forecast plus the action's mean effect; its trajectories are the passive model's."""

    def __init__(self, passive: WorldModel, effects: MeanEffects, *, name: str = "mean_effect") -> None:
        self.name = name
        self._passive = WorldModelRanker(passive)
        self._effects = effects

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """One prediction per point."""
        passive = self._passive.predict(points, actions)
        return [
            replace(prediction, scores=prediction.scores + self._effects.of(features))
            for prediction, features in zip(passive, actions, strict=True)
        ]


def save_effects(effects: MeanEffects, path: Path) -> None:
    """Write effects as JSON, atomically.

    Raises:
        UserError: there is no place to write to.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(json.dumps([[list(key), value] for key, value in effects.effects.items()]))
        temporary.replace(path)
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}; make room, or give another --out") from error


def load_effects(path: Path) -> MeanEffects:
    """The inverse of `save_effects`.

    Raises:
        UserError: there is no such file, or it holds something else.
    """
    try:
        effects = {tuple(map(float, key)): float(value) for key, value in json.loads(path.read_text())}
        return MeanEffects(effects={(): effects[()], **effects})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"{path} holds no mean effects; fit them with `python -m learners train`") from error


def load_ranker(*, checkpoint: str, effects: str, name: str = "mean_effect") -> Ranker:
    """The ranker of a passive model's checkpoint and a file of mean effects.

    Raises:
        UserError: as `load_checkpoint` and `load_effects`.
    """
    return MeanEffectRanker(load_checkpoint(Path(checkpoint)), load_effects(Path(effects)), name=name)


def _keys(actions: ActionFeatures) -> list[tuple[Key, ...]]:
    """[C] groups of each action, finest first."""
    rows = zip(actions.type_ids.tolist(), actions.levels.tolist(), actions.target_ids.tolist(), strict=True)
    return [
        ((float(kind), level, float(target)), (float(kind), level), (float(kind),), ()) for kind, level, target in rows
    ]


def _predicted_returns(model: WorldModel, windows: Windows) -> NDArray[np.float64]:
    """[W] mean reward per step that the model expects of the chunks that were played."""
    encoded = EncodedWindows(windows, model.statistics)
    with torch.no_grad():
        parts = [
            model.network(encoded.history(which), encoded.chunk(which)).rewards[:, 0].mean(dim=1)
            for which in torch.split(torch.arange(len(windows)), _WINDOWS_PER_BATCH)
        ]
    standardised = torch.cat(parts).double().numpy()  # [W, parts]
    return np.asarray((standardised * model.statistics.reward_scale + model.statistics.reward_centre).sum(axis=1))
