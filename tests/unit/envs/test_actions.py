"""The catalogue: what stands in it, how it is numbered, and how a model sees it."""

import pickle

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from envs.actions import FAMILIES
from envs.actions.action import ACTION_TYPES, ActionType
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls
from ray_configs.errors import UserError
from tests.catalogues import APPLICATION, CATALOGUE, CROWDED, play


def test_every_family_stands_in_the_catalogue_and_do_nothing_is_first():
    everything = ActionCatalogue(CROWDED)
    assert {action.type for action in everything.actions} == set(FAMILIES) == set(ActionType) - {ActionType.MASKED}
    assert CATALOGUE.names[0] == "do_nothing"
    assert len(set(CATALOGUE.names)) == len(CATALOGUE)


def test_the_load_generator_and_single_stores_offer_no_scaling():
    targets = {action.target for action in CATALOGUE.actions if action.type is ActionType.SCALE}
    assert "checkout" in targets
    assert not targets & {"load-generator", "valkey-cart", "postgresql", "flagd"}
    assert "restart:postgresql" in CATALOGUE.names
    assert "restart:load-generator" not in CATALOGUE.names


@pytest.mark.parametrize(
    "application",
    [*(load_application(name) for name in APPLICATIONS), CROWDED],
    ids=[*APPLICATIONS, "crowded"],
)
def test_features_tell_all_actions_apart_also_in_single_precision(application):
    catalogue = ActionCatalogue(application)
    features = catalogue.features(np.arange(len(catalogue)))
    rows = set(zip(features.type_ids, features.target_ids, features.levels, strict=True))
    assert len(rows) == len(catalogue)


def test_features_keep_the_shape_of_their_indices():
    grid = CATALOGUE.features([[0, 1], [2, 3]])
    assert grid.levels.shape == grid.type_ids.shape == (2, 2)
    assert grid.target_ids[0, 0] == len(APPLICATION.services), "doing nothing has no target"


def test_masked_features_are_the_same_for_every_action():
    features = CATALOGUE.masked_features((2, 3))
    assert set(features.type_ids.ravel()) == {ACTION_TYPES.index(ActionType.MASKED)}
    assert set(features.target_ids.ravel()) == {len(APPLICATION.services)}
    assert not features.levels.any()


def test_the_catalogue_pickles():
    assert pickle.loads(pickle.dumps(CATALOGUE)).names == CATALOGUE.names


def test_an_unknown_action_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match=r"no action 'scale:nosuch:\+1'; choose one of do_nothing"):
        CATALOGUE.index("scale:nosuch:+1")


def test_the_mask_of_a_stand_does_not_depend_on_the_others():
    controls = baseline_controls(APPLICATION, 3)
    play(controls, CATALOGUE, "scale:cart:+2", "rate_limit:50%", "autoscaler:quote:70%", "shape:all:75%")
    together = CATALOGUE.mask(controls)
    for stand in range(3):
        np.testing.assert_array_equal(CATALOGUE.mask(controls.take(np.array([stand])))[0], together[stand])
    assert (together[0] != together[1]).any()
    controls.put(np.array([0, 2]), baseline_controls(APPLICATION, 1))
    assert (CATALOGUE.mask(controls) == together[1]).all()


def test_the_smallest_application_keeps_a_catalogue_of_sensible_size():
    assert len(CATALOGUE) < 180
