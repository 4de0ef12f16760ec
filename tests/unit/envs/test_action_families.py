"""Each family: what it offers, when it is allowed, what it sends, and what is remembered of it."""

import numpy as np

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
from envs.actions.action import ActionType
from envs.actions.catalogue import ActionCatalogue
from envs.actions.control_record import baseline_controls, record_command, rolls
from tests.catalogues import APPLICATION, CATALOGUE, CROWDED, allowed, play


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
    is_changed = np.array([False, False])
    controls.follow_autoscalers(desired, is_changed)
    assert is_changed.tolist() == [True, False]
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
