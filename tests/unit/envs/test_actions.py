"""The catalogue: what is offered, when it is allowed, what it sends."""

import pickle

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.commands import Scale, SetFlag, SetRateLimit, SetResources
from envs.actions import FAMILIES
from envs.actions.action import ACTION_TYPES, ActionType
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls, record_command
from ray_configs.errors import UserError

APPLICATION = load_application("small-core")
CATALOGUE = ActionCatalogue(APPLICATION)


def allowed(controls, name, stand=0):
    return bool(CATALOGUE.mask(controls)[stand, CATALOGUE.index(name)])


def test_every_family_stands_in_the_catalogue_and_do_nothing_is_first():
    assert {action.type for action in CATALOGUE.actions} == set(FAMILIES) == set(ActionType) - {ActionType.MASKED}
    assert CATALOGUE.names[0] == "do_nothing"
    assert len(set(CATALOGUE.names)) == len(CATALOGUE)


def test_the_load_generator_and_single_stores_offer_no_scaling():
    targets = {action.target for action in CATALOGUE.actions if action.type is ActionType.SCALE}
    assert "checkout" in targets
    assert not targets & {"load-generator", "valkey-cart", "postgresql", "flagd"}
    assert "restart:postgresql" in CATALOGUE.names
    assert "restart:load-generator" not in CATALOGUE.names


def test_scaling_is_masked_at_its_bounds():
    controls = baseline_controls(APPLICATION, 2)
    record_command(controls, APPLICATION, 1, Scale(service="checkout", replicas=5))
    assert not allowed(controls, "scale:checkout:-1", stand=0), "one replica is the least"
    assert allowed(controls, "scale:checkout:+2", stand=0)
    assert allowed(controls, "scale:checkout:-1", stand=1)
    assert allowed(controls, "scale:checkout:+1", stand=1)
    assert not allowed(controls, "scale:checkout:+2", stand=1), "six replicas are the most"


def test_commands_are_relative_to_what_was_set_before():
    controls = baseline_controls(APPLICATION, 1)
    record_command(controls, APPLICATION, 0, Scale(service="cart", replicas=3))
    record_command(controls, APPLICATION, 0, SetResources(service="cart", cpu_limit_millicores=400.0))
    assert CATALOGUE.command(CATALOGUE.index("scale:cart:+2"), controls, 0) == Scale(service="cart", replicas=5)
    halved = CATALOGUE.command(CATALOGUE.index("set_cpu_limit:cart:x0.5"), controls, 0)
    assert halved == SetResources(service="cart", cpu_limit_millicores=200.0)


def test_cpu_limits_stay_between_a_quarter_and_four_times_the_default():
    controls = baseline_controls(APPLICATION, 1)
    default = APPLICATION.service("quote").cpu_limit_millicores
    for limit, up, down in ((default * 4, False, True), (default / 4, True, False)):
        record_command(controls, APPLICATION, 0, SetResources(service="quote", cpu_limit_millicores=limit))
        assert allowed(controls, "set_cpu_limit:quote:x2") is up
        assert allowed(controls, "set_cpu_limit:quote:x0.5") is down


def test_a_rate_limit_is_masked_once_set_and_lifting_only_then_allowed():
    controls = baseline_controls(APPLICATION, 1)
    assert not allowed(controls, "rate_limit:lift")
    command = CATALOGUE.command(CATALOGUE.index("rate_limit:50%"), controls, 0)
    assert command == SetRateLimit(limit_rps=APPLICATION.nominal_rate_rps / 2)
    record_command(controls, APPLICATION, 0, command)
    assert not allowed(controls, "rate_limit:50%")
    assert allowed(controls, "rate_limit:75%")
    assert allowed(controls, "rate_limit:lift")
    assert CATALOGUE.command(CATALOGUE.index("rate_limit:lift"), controls, 0) == SetRateLimit(limit_rps=None)


def test_a_roll_back_sends_the_good_variant_and_its_mask_never_tells_which_flag_is_bad():
    controls = baseline_controls(APPLICATION, 1)
    for flag in APPLICATION.flags:
        command = CATALOGUE.command(CATALOGUE.index(f"roll_back:{flag.name}"), controls, 0)
        assert command == SetFlag(flag=flag.name, variant=flag.good_variant)
        assert allowed(controls, f"roll_back:{flag.name}")


def test_features_tell_all_actions_apart_and_keep_the_shape_of_their_indices():
    features = CATALOGUE.features(np.arange(len(CATALOGUE)))
    rows = set(zip(features.type_ids, features.target_ids, features.levels, strict=True))
    assert len(rows) == len(CATALOGUE)
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
