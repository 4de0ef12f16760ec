"""The sceptic's baseline: what would happen anyway (a passive model), plus what each action does on average.

The mean effect of an action is the mean residual `return - passive prediction` over training windows whose chunk starts
with it, shrunk towards coarser groups because most actions are rare:

    effect(group) = (sum of residuals + strength * effect(coarser group)) / (number of windows + strength)

with groups (type, target, level) -> (type, level) -> (type) -> all windows. This is the posterior mean of a normal mean
under a normal prior centred at the coarser group, `strength` being the ratio of the variance within groups to the
variance between them (Efron and Morris, Stein's Paradox in Statistics, Scientific American 236(5), 1977). It is set by
the method of moments from the residuals themselves.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from envs.actions.action import ActionFeatures
from learners.world_models.batches import EncodedWindows
from learners.world_models.checkpoint import WorldModel, load_checkpoint
from learners.world_models.ranker import WorldModelRanker
from learners.world_models.windows import Windows
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction, Ranker

_WINDOWS_PER_BATCH = 256
_LARGEST_STRENGTH = 1e6

Key = tuple[float, ...]
"""(type, level, target), (type, level), (type) or (): a group of actions, finest first."""


@dataclass(frozen=True, kw_only=True)
class MeanEffects:
    """What an action adds to the return on average, by group."""

    effects: dict[Key, float]

    def of(self, actions: ActionFeatures) -> NDArray[np.float64]:
        """[C] effect of each action: of the finest group that was seen."""
        return np.array([next(self.effects[key] for key in keys if key in self.effects) for keys in _keys(actions)])


def fit_mean_effects(passive: WorldModel, windows: Windows) -> MeanEffects:
    """Mean effects over (training) windows: of the first action of each chunk, against what happens without it.

    That is known where the same stand was also left alone, and a passive model's forecast elsewhere.
    """
    alone = np.where(windows.twins >= 0, windows.returns[windows.twins], _predicted_returns(passive, windows))
    residuals = windows.returns - alone
    first = ActionFeatures(
        type_ids=windows.chunk.type_ids[:, 0],
        target_ids=windows.chunk.target_ids[:, 0],
        levels=windows.chunk.levels[:, 0],
    )
    members: dict[Key, list[float]] = {}
    for keys, residual in zip(_keys(first), residuals.astype(float), strict=True):
        for key in keys:
            members.setdefault(key, []).append(residual)
    finest = [np.array(values) for key, values in members.items() if len(key) == 3]
    strength = shrinkage_strength(finest)
    effects: dict[Key, float] = {(): float(np.mean(members[()]))}
    for key in sorted(members, key=len)[1:]:
        prior = effects[key[:-1]]
        effects[key] = float((np.sum(members[key]) + strength * prior) / (len(members[key]) + strength))
    return MeanEffects(effects=effects)


def shrinkage_strength(groups: Sequence[NDArray[np.float64]]) -> float:
    """Variance within groups over variance between them, in windows: how many make a group's own mean worth half.

    The moment estimator of an unbalanced one-way layout (Searle, Casella and McCulloch, Variance Components, 1992,
    chapter 3).
    """
    sizes = np.array([len(group) for group in groups])
    total, num_groups = sizes.sum(), len(groups)
    if num_groups < 2 or total <= num_groups:
        return _LARGEST_STRENGTH
    means = np.array([group.mean() for group in groups])
    grand = (sizes * means).sum() / total
    within = sum(((group - group.mean()) ** 2).sum() for group in groups) / (total - num_groups)
    mean_square = (sizes * (means - grand) ** 2).sum() / (num_groups - 1)
    between = (mean_square - within) / ((total - (sizes**2).sum() / total) / (num_groups - 1))
    return float(min(within / between, _LARGEST_STRENGTH)) if between > 0 else _LARGEST_STRENGTH


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
    """Write effects as JSON, atomically."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps([[list(key), value] for key, value in effects.effects.items()]))
    temporary.replace(path)


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
