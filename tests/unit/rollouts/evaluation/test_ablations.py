import numpy as np
import pytest

from clusters.applications import load_application
from envs.actions.action import ACTION_TYPES, ActionType
from envs.actions.catalogue import ActionCatalogue
from ray_configs.errors import UserError
from rollouts.evaluation.ablations import ABLATIONS, ablate

CATALOGUE = ActionCatalogue(load_application("small-core"))
FEATURES = [CATALOGUE.features(CATALOGUE.indices(["do_nothing", "scale:checkout:+2", "restart:cart", "scale:cart:+1"]))]


def rows(features):
    return list(zip(features.type_ids.tolist(), features.target_ids.tolist(), features.levels.tolist(), strict=True))


def test_masked_hides_everything():
    [shown] = ablate("masked", CATALOGUE, FEATURES, seed=0)
    assert set(rows(shown)) == {(ACTION_TYPES.index(ActionType.MASKED), len(CATALOGUE.application.services), 0.0)}


def test_shuffled_permutes_whole_actions_by_a_fixed_seed():
    first, again, other = (ablate("shuffled", CATALOGUE, FEATURES * 5, seed=seed) for seed in (1, 1, 2))
    assert [rows(point) for point in first] == [rows(point) for point in again]
    assert [rows(point) for point in first] != [rows(point) for point in other]
    assert all(sorted(rows(point)) == sorted(rows(FEATURES[0])) for point in first)
    assert any(rows(point) != rows(FEATURES[0]) for point in first)


def test_levels_and_targets_are_dropped_alone():
    [levels], [targets] = (ablate(name, CATALOGUE, FEATURES, seed=0) for name in ("levels_dropped", "targets_dropped"))
    assert not levels.levels.any() and (levels.target_ids == FEATURES[0].target_ids).all()
    assert len(set(targets.target_ids.tolist())) == 1 and (targets.levels == FEATURES[0].levels).all()
    assert (levels.type_ids == FEATURES[0].type_ids).all() and (targets.type_ids == FEATURES[0].type_ids).all()


def test_the_true_features_are_left_alone():
    before = rows(FEATURES[0])
    for name in ABLATIONS:
        ablate(name, CATALOGUE, FEATURES, seed=3)
    assert rows(FEATURES[0]) == before
    assert np.count_nonzero(FEATURES[0].levels)


def test_an_unknown_ablation_lists_the_known_ones():
    with pytest.raises(UserError, match="masked, shuffled"):
        ablate("maksed", CATALOGUE, FEATURES, seed=0)
