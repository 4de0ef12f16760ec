"""What flags, releases, groups and slow services make of an operation's parameters, and how they add up."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import ClearFault, SetFlag, SetGroup, ShiftTraffic, SlowService
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.rules.effects import apply_effects
from clusters.simulated.stands import SimulatedStands
from clusters.topology import ConfigFlag, FlagEffect, Release, ReleaseEffect
from tests.stands import APPLICATION, scenario

SETTLES_SECONDS = 120.0
TESTED = replace(
    APPLICATION,
    flags=(
        *APPLICATION.flags,
        ConfigFlag(
            name="storm",
            service="frontend",
            effects=(FlagEffect(service="frontend", added_retries=2, call_target="cart"),),
        ),
        ConfigFlag(name="eager", service="frontend", effects=(FlagEffect(service="frontend", added_retries=1),)),
        ConfigFlag(name="leak", service="cart", effects=(FlagEffect(service="cart", leak_bytes_per_request=1e3),)),
        ConfigFlag(
            name="narrow", service="cart", effects=(FlagEffect(service="cart", operation="AddItem", cpu_factor=3.0),)
        ),
    ),
    releases=(
        Release(name="slow", service="cart", effects=(ReleaseEffect(added_latency_milliseconds=100.0),)),
        Release(
            name="settling",
            service="cart",
            effects=(
                ReleaseEffect(cpu_factor=0.5),
                ReleaseEffect(operation="GetCart", error_ratio=0.2, settles_after_seconds=SETTLES_SECONDS),
            ),
        ),
    ),
)


@pytest.fixture(name="stands")
def make_stands() -> SimulatedStands:
    stands = SimulatedStands(TESTED, 1)
    stands.reset([0], [scenario()], [0])
    return stands


def rows(stands: SimulatedStands, service: str) -> slice:
    return stands._graph.operation_slices[stands._graph.service_index[service]]


def cpu_factor(stands: SimulatedStands, operation: str) -> float:
    o = stands._graph.operation_index[operation]
    return float(stands._state.demand_ms[o, 0] / stands._state.base_demand_ms[o, 0])


def column(stands: SimulatedStands, field: str, operation: str) -> float:
    return float(getattr(stands._state, field)[stands._graph.operation_index[operation], 0])


def pass_time(stands: SimulatedStands, seconds: float) -> None:
    """Only the clock: effects are what is tested here."""
    stands._state.tick += round(seconds / TICK_SECONDS)
    if stands._state.effects_due[0] <= stands._state.tick[0]:
        apply_effects(stands._graph, stands._state, 0)


def test_two_bad_flags_at_one_service_multiply_and_a_roll_back_leaves_the_other(stands: SimulatedStands) -> None:
    before = stands._state.demand_ms.copy()
    stands.apply(0, SetFlag(flag="cartFailure", variant="on"))
    stands.apply(0, SetFlag(flag="checkoutCartClient", variant="v2"))
    assert column(stands, "own_error_ratio", "cart.GetCart") == pytest.approx(1.0 - 0.88 * 0.95)
    assert cpu_factor(stands, "cart.GetCart") == pytest.approx(2.2)
    stands.apply(0, SetFlag(flag="cartFailure", variant="off"))
    assert column(stands, "own_error_ratio", "cart.GetCart") == pytest.approx(0.05)
    stands.apply(0, SetFlag(flag="checkoutCartClient", variant="v1"))
    np.testing.assert_array_equal(stands._state.demand_ms, before)
    assert stands._state.own_error_ratio.max() == 0.0


def test_an_effect_on_one_operation_leaves_the_services_others(stands: SimulatedStands) -> None:
    stands.apply(0, SetFlag(flag="narrow", variant="on"))
    assert cpu_factor(stands, "cart.AddItem") == pytest.approx(3.0)
    assert cpu_factor(stands, "cart.GetCart") == pytest.approx(1.0)


def test_retries_are_added_to_the_calls_named_or_to_all_of_the_service(stands: SimulatedStands) -> None:
    graph = stands._graph
    stands.apply(0, SetFlag(flag="storm", variant="on"))
    stands.apply(0, SetFlag(flag="eager", variant="on"))
    for h, channel in enumerate(graph.channels):
        source, callee = graph.services[channel.source].name, graph.services[channel.service].name
        wanted = 0 if source != "frontend" else 3 if callee == "cart" else 1
        assert stands._state.added_retries[h, 0] == wanted, (source, callee)


def test_more_calls_go_to_the_callee_named_alone(stands: SimulatedStands) -> None:
    graph = stands._graph
    stands.apply(0, SetFlag(flag="checkoutCartClient", variant="v2"))
    grown = stands._state.call_count[:, 0] / graph.call_counts
    for c, h in enumerate(graph.call_channel):
        channel = graph.channels[h]
        concerned = (graph.services[channel.source].name, graph.services[channel.service].name) == ("checkout", "cart")
        assert grown[c] == (6.0 if concerned else 1.0)


def test_a_leak_is_its_services(stands: SimulatedStands) -> None:
    stands.apply(0, SetFlag(flag="leak", variant="on"))
    leaks = stands._state.leak_bytes_per_request[:, 0]
    assert leaks[stands._graph.service_index["cart"]] == 1e3
    assert leaks.sum() == 1e3


def test_a_canary_counts_by_its_share_from_when_its_replicas_are_ready(stands: SimulatedStands) -> None:
    startup = APPLICATION.service("cart").startup_seconds
    stands.apply(0, ShiftTraffic(service="cart", release="slow", share=0.1))
    assert column(stands, "added_seconds", "cart.AddItem") == 0.0
    pass_time(stands, startup)
    assert column(stands, "added_seconds", "cart.AddItem") == pytest.approx(0.01)
    stands.apply(0, ShiftTraffic(service="cart", release="slow", share=0.5))
    assert column(stands, "added_seconds", "cart.AddItem") == pytest.approx(0.05), "its replicas are there already"
    stands.apply(0, ShiftTraffic(service="cart", release="slow", share=1.0))
    assert column(stands, "added_seconds", "cart.AddItem") == pytest.approx(0.1)
    stands.apply(0, ShiftTraffic(service="cart", release="slow", share=0.0))
    assert stands._state.added_seconds.max() == pytest.approx(stands._state.base_added_seconds.max())
    assert np.isinf(stands._state.effects_due[0])


def test_a_canary_beside_a_new_version_is_blended_with_it(stands: SimulatedStands) -> None:
    stands.apply(0, ShiftTraffic(service="cart", release="slow", share=1.0))
    stands.apply(0, ShiftTraffic(service="cart", release="settling", share=0.4))
    pass_time(stands, APPLICATION.service("cart").startup_seconds)
    assert column(stands, "added_seconds", "cart.GetCart") == pytest.approx(0.06)
    assert cpu_factor(stands, "cart.GetCart") == pytest.approx(0.6 + 0.4 * 0.5)
    assert column(stands, "own_error_ratio", "cart.GetCart") == pytest.approx(0.08)


def test_what_settles_ends_by_itself_and_a_promotion_does_not_begin_it_anew(stands: SimulatedStands) -> None:
    startup = APPLICATION.service("cart").startup_seconds
    stands.apply(0, ShiftTraffic(service="cart", release="settling", share=0.5))
    pass_time(stands, startup)
    assert column(stands, "own_error_ratio", "cart.GetCart") == pytest.approx(0.1)
    assert column(stands, "own_error_ratio", "cart.AddItem") == 0.0
    pass_time(stands, SETTLES_SECONDS / 2)
    stands.apply(0, ShiftTraffic(service="cart", release="settling", share=1.0))
    assert column(stands, "own_error_ratio", "cart.GetCart") == pytest.approx(0.2)
    due = stands._state.effects_due[0] - stands._state.tick[0]
    assert due * TICK_SECONDS == pytest.approx(SETTLES_SECONDS / 2)
    pass_time(stands, SETTLES_SECONDS / 2)
    assert column(stands, "own_error_ratio", "cart.GetCart") == 0.0
    assert cpu_factor(stands, "cart.GetCart") == pytest.approx(0.5), "the rest of the release stays"
    assert np.isinf(stands._state.effects_due[0])


def test_the_simulation_itself_applies_what_is_due(stands: SimulatedStands) -> None:
    stands.apply(0, ShiftTraffic(service="cart", release="settling", share=0.5))
    stands.advance(20.0)
    assert column(stands, "own_error_ratio", "cart.GetCart") == pytest.approx(0.1)
    stands.advance(SETTLES_SECONDS)
    assert column(stands, "own_error_ratio", "cart.GetCart") == 0.0


def test_a_slow_service_adds_to_what_a_flag_adds(stands: SimulatedStands) -> None:
    stands.apply(0, SetFlag(flag="cartFailure", variant="on"))
    stands.apply(0, SlowService(fault_id="a", service="cart", latency_milliseconds=40.0))
    stands.apply(0, SlowService(fault_id="b", service="cart", latency_milliseconds=100.0))
    assert column(stands, "added_seconds", "cart.GetCart") == pytest.approx(0.2)
    stands.apply(0, ClearFault(fault_id="b"))
    assert column(stands, "added_seconds", "cart.GetCart") == pytest.approx(0.1)
    assert column(stands, "added_seconds", "frontend.Index") == 0.0


def test_calls_into_a_group_that_is_off_are_left_out_whatever_a_flag_makes_of_them(stands: SimulatedStands) -> None:
    graph = stands._graph
    stands.apply(0, SetGroup(group="recommendations", enabled=False))
    stands.apply(0, SetFlag(flag="recommendationCacheFailure", variant="on"))
    into = graph.operation_service[graph.channel_operation][graph.call_channel] == graph.service_index["recommendation"]
    assert into.any()
    assert (stands._state.call_count[into, 0] == 0.0).all()
    assert (stands._state.call_count[~into, 0] > 0.0).all()
    stands.apply(0, SetGroup(group="recommendations", enabled=True))
    assert (stands._state.call_count[into, 0] > 0.0).all()
