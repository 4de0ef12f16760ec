"""The catalogue: what is offered, when it is allowed, what it sends."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.commands import (
    Restart,
    Scale,
    SetAutoscaler,
    SetFlag,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
)
from clusters.topology import OptionalGroup, Release
from envs.actions import FAMILIES
from envs.actions.action import ACTION_TYPES, ActionType
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls, record_command, rolls
from ray_configs.errors import UserError

APPLICATION = load_application("small-core")
CATALOGUE = ActionCatalogue(APPLICATION)


def crowded():
    """A service with a memory request, two releases and two groups on it: everything that a level has to tell apart."""
    services = tuple(
        replace(service, memory_request_bytes=service.memory_limit_bytes / 2.0) if service.name == "cart" else service
        for service in APPLICATION.services
    )
    return replace(
        APPLICATION,
        services=services,
        releases=tuple(Release(name=name, service="cart") for name in ("cart-2", "cart-3")),
        optional_groups=(
            OptionalGroup(name="one", services=("recommendation",)),
            OptionalGroup(name="two", services=("recommendation", "quote")),
        ),
    )


CROWDED = crowded()


def allowed(controls, name, stand=0, catalogue=CATALOGUE):
    return bool(catalogue.mask(controls)[stand, catalogue.index(name)])


def play(controls, catalogue, *names):
    """Take actions one after the other on the first stand, as if each were in force at once; the last command."""
    for name in names:
        assert allowed(controls, name, catalogue=catalogue), name
        command = catalogue.command(catalogue.index(name), controls, 0)
        record_command(controls, catalogue.application, 0, command)
    return command


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
    record_command(
        controls, APPLICATION, 0, SetResources(service="cart", cpu_limit_millicores=400.0, cpu_request_millicores=300.0)
    )
    assert CATALOGUE.command(CATALOGUE.index("scale:cart:+2"), controls, 0) == Scale(service="cart", replicas=5)
    halved = CATALOGUE.command(CATALOGUE.index("set_cpu_limit:cart:x0.5"), controls, 0)
    assert halved == SetResources(service="cart", cpu_limit_millicores=200.0, cpu_request_millicores=200.0)


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


def test_an_autoscaler_owns_the_replicas_until_it_is_removed():
    controls = baseline_controls(APPLICATION, 1)
    assert not allowed(controls, "autoscaler:cart:off")
    command = play(controls, CATALOGUE, "autoscaler:cart:70%")
    assert command == SetAutoscaler(service="cart", target_utilisation=0.7, min_replicas=1, max_replicas=6)
    assert not any(allowed(controls, f"scale:cart:{change}") for change in ("+1", "+2", "-1"))
    assert allowed(controls, "scale:quote:+1")
    assert not allowed(controls, "autoscaler:cart:70%")
    play(controls, CATALOGUE, "autoscaler:cart:50%", "autoscaler:cart:off")
    assert allowed(controls, "scale:cart:+1")


def test_what_an_autoscaler_did_is_read_off_the_telemetry_and_other_replicas_are_not():
    controls = baseline_controls(APPLICATION, 2)
    cart, quote = (APPLICATION.service_names.index(name) for name in ("cart", "quote"))
    play(controls, CATALOGUE, "autoscaler:cart:70%", "autoscaler:quote:70%")
    desired = np.full((2, len(APPLICATION.services)), 5.0)
    desired[:, quote] = np.nan
    assert controls.follow_autoscalers(desired).tolist() == [True, False]
    assert controls.replicas[0, cart] == 5
    assert controls.replicas[0, quote] == 1, "unknown: as before"
    assert (controls.replicas[1] == baseline_controls(APPLICATION, 1).replicas[0]).all(), "no autoscaler there"
    command = play(controls, CATALOGUE, "autoscaler:cart:off", "scale:cart:+1")
    assert command == Scale(service="cart", replicas=6)


def test_a_request_follows_its_limit_while_they_are_equal_and_is_bounded_by_it():
    controls = baseline_controls(APPLICATION, 1)
    default = APPLICATION.service("cart").cpu_limit_millicores
    assert not allowed(controls, "set_cpu_request:cart:x2"), "no request above its limit"
    doubled = play(controls, CATALOGUE, "set_cpu_limit:cart:x2")
    assert doubled == SetResources(
        service="cart", cpu_limit_millicores=2.0 * default, cpu_request_millicores=2.0 * default
    )
    play(controls, CATALOGUE, "set_cpu_request:cart:x0.5")
    raised = play(controls, CATALOGUE, "set_cpu_limit:cart:x2")
    assert raised == SetResources(service="cart", cpu_limit_millicores=4.0 * default), "set apart, it stays"
    assert allowed(controls, "set_cpu_request:cart:x2")


def test_memory_is_set_like_cpu_and_its_request_only_where_it_is_declared():
    assert not any(name.startswith("set_memory_request") for name in CATALOGUE.names)
    catalogue, controls = ActionCatalogue(CROWDED), baseline_controls(CROWDED, 1)
    limit = CROWDED.service("cart").memory_limit_bytes
    assert play(controls, catalogue, "set_memory_limit:cart:x2") == SetResources(
        service="cart", memory_limit_bytes=2.0 * limit
    )
    assert play(controls, catalogue, "set_memory_request:cart:x2") == SetResources(
        service="cart", memory_request_bytes=limit
    )
    assert {a.target for a in catalogue.actions if a.type is ActionType.SET_MEMORY_REQUEST} == {"cart"}


def test_a_group_that_is_off_offers_nothing_on_its_services_but_to_come_back():
    catalogue, controls = ActionCatalogue(CROWDED), baseline_controls(CROWDED, 1)
    assert not allowed(controls, "enable:one", catalogue=catalogue)
    assert play(controls, catalogue, "disable:one") == SetGroup(group="one", enabled=False)
    for name in ("scale:recommendation:+1", "restart:recommendation", "restart_pod:recommendation", "disable:one"):
        assert not allowed(controls, name, catalogue=catalogue), name
    assert not allowed(controls, "autoscaler:recommendation:70%", catalogue=catalogue)
    play(controls, catalogue, "disable:two", "enable:one")
    assert not allowed(controls, "restart:recommendation", catalogue=catalogue), "its other group is off"
    play(controls, catalogue, "enable:two", "restart:recommendation", "scale:quote:+1")


def test_a_release_goes_out_in_steps_and_keeps_others_of_its_service_away():
    catalogue, controls = ActionCatalogue(CROWDED), baseline_controls(CROWDED, 1)
    shares = {"canary:cart-3:10%": 0.1, "canary:cart-3:50%": 0.5, "promote:cart-3": 1.0, "take_back:cart-3": 0.0}
    for name, share in shares.items():
        command = catalogue.command(catalogue.index(name), controls, 0)
        assert command == ShiftTraffic(service="cart", release="cart-3", share=share)
    play(controls, catalogue, "canary:cart-3:10%")
    assert not allowed(controls, "canary:cart-2:10%", catalogue=catalogue)
    assert not allowed(controls, "promote:cart-2", catalogue=catalogue)
    play(controls, catalogue, "canary:cart-3:10%", "promote:cart-3")
    assert not allowed(controls, "promote:cart-3", catalogue=catalogue)
    assert not allowed(controls, "canary:cart-3:50%", catalogue=catalogue)
    play(controls, catalogue, "canary:cart-2:50%", "take_back:cart-2", "take_back:cart-3", "promote:cart-2")


def test_taking_a_release_back_is_always_allowed_so_that_no_mask_tells_which_is_bad():
    controls = baseline_controls(APPLICATION, 1)
    for release in APPLICATION.releases:
        assert allowed(controls, f"take_back:{release.name}")
        assert allowed(controls, f"canary:{release.name}:10%"), "not even a missing image shows"


def test_users_are_asked_for_less_of_one_type_or_of_all_and_a_share_in_force_is_masked():
    controls = baseline_controls(APPLICATION, 1)
    assert not allowed(controls, "shape:all:100%")
    assert play(controls, CATALOGUE, "shape:checkout:50%") == ShapeWorkload(request_type="checkout", factor=0.5)
    assert not allowed(controls, "shape:checkout:50%")
    assert allowed(controls, "shape:all:100%")
    play(controls, CATALOGUE, "shape:all:75%", "shape:checkout:50%", "shape:all:100%")
    assert (controls.sent_shares == 1.0).all()


def test_which_commands_replace_replicas_and_how_many():
    controls = baseline_controls(CROWDED, 1)
    assert rolls(Restart(service="cart")) == "cart"
    assert rolls(SetResources(service="cart", cpu_limit_millicores=1.0)) == "cart"
    assert rolls(ShiftTraffic(service="cart", release="cart-2", share=1.0)) == "cart"
    assert rolls(ShiftTraffic(service="cart", release="cart-2", share=0.5)) is None
    assert rolls(Scale(service="cart", replicas=3)) is None
    assert record_command(controls, CROWDED, 0, Scale(service="cart", replicas=4)) == 2
    assert record_command(controls, CROWDED, 0, Restart(service="cart")) == 4
    assert record_command(controls, CROWDED, 0, SetGroup(group="two", enabled=False)) == 2
    assert record_command(controls, CROWDED, 0, ShiftTraffic(service="cart", release="cart-2", share=0.0)) == 0


def test_the_smallest_application_keeps_a_catalogue_of_sensible_size():
    assert len(CATALOGUE) < 180
