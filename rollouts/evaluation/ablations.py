"""What a ranker is shown of the candidate actions, spoiled in one way each: the same ranker, other features.

To add one: a function here and a line in `ABLATIONS`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from envs.actions.action import ActionFeatures
from envs.actions.catalogue import ActionCatalogue
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import DecisionPoint

Ablation = Callable[[ActionCatalogue, ActionFeatures, np.random.Generator], ActionFeatures]


def masked(catalogue: ActionCatalogue, features: ActionFeatures, generator: np.random.Generator) -> ActionFeatures:
    """Every candidate looks like the unknown action."""
    return catalogue.masked_features(features.type_ids.shape)


def shuffled(catalogue: ActionCatalogue, features: ActionFeatures, generator: np.random.Generator) -> ActionFeatures:
    """Each candidate of a point is shown as some candidate of that point, by a random permutation."""
    order = generator.permutation(len(features.type_ids))
    return ActionFeatures(
        type_ids=features.type_ids[order], target_ids=features.target_ids[order], levels=features.levels[order]
    )


def levels_dropped(
    catalogue: ActionCatalogue, features: ActionFeatures, generator: np.random.Generator
) -> ActionFeatures:
    """Type and target stay, the strength is hidden."""
    return replace(features, levels=np.zeros_like(features.levels))


def targets_dropped(
    catalogue: ActionCatalogue, features: ActionFeatures, generator: np.random.Generator
) -> ActionFeatures:
    """Type and strength stay, the service acted on is hidden."""
    return replace(features, target_ids=np.full_like(features.target_ids, len(catalogue.application.services)))


ABLATIONS: Mapping[str, Ablation] = {
    "masked": masked,
    "shuffled": shuffled,
    "levels_dropped": levels_dropped,
    "targets_dropped": targets_dropped,
}


def ablate(
    name: str, catalogue: ActionCatalogue, features: Sequence[ActionFeatures], seed: int
) -> list[ActionFeatures]:
    """The features of every point's candidates under an ablation; equal seeds give equal shuffles.

    Raises:
        UserError: there is no such ablation.
    """
    if name not in ABLATIONS:
        raise UserError(f"no ablation {name!r}; write one of {', '.join(ABLATIONS)}")
    generator = np.random.default_rng(seed)
    return [ABLATIONS[name](catalogue, point, generator) for point in features]


def true_features(catalogue: ActionCatalogue, points: Sequence[DecisionPoint]) -> list[ActionFeatures]:
    """The features of every point's candidates as they are."""
    return [catalogue.features(np.asarray(point.candidates, dtype=np.int64)) for point in points]
