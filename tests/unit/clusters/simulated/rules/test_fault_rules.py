"""Faults that are a number at a place: how they begin, add up, change and end; and what the load's verbs set."""

from typing import Any

import numpy as np
import pytest

from clusters.commands import (
    BreakPort,
    CheckStatus,
    ClearFault,
    Command,
    CommandStatus,
    DelayEdge,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    ShapeWorkload,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.simulated.rules.overlay_rules import OVERLAYS
from clusters.simulated.stands import SimulatedStands
from tests.stands import APPLICATION, running


def number(stands: SimulatedStands, command: Any) -> float:
    """What the state says at a fault's place."""
    graph = stands._graph
    place = (
        graph.edge_index[command.source, command.target]
        if hasattr(command, "source")
        else graph.service_index[command.service]
    )
    return float(getattr(stands._state, OVERLAYS[type(command)].field)[place, 0])


def delay(milliseconds: float, fault_id: str = "a") -> DelayEdge:
    return DelayEdge(fault_id=fault_id, source="checkout", target="payment", latency_milliseconds=milliseconds)


def loss(ratio: float, fault_id: str = "a") -> LosePackets:
    return LosePackets(fault_id=fault_id, source="checkout", target="payment", loss_ratio=ratio)


def memory(ratio: float, fault_id: str = "a") -> StressMemory:
    return StressMemory(fault_id=fault_id, service="cart", load_ratio=ratio)


def leak(rate: float, fault_id: str = "a") -> LeakMemory:
    return LeakMemory(fault_id=fault_id, service="cart", bytes_per_second=rate)


def slow(milliseconds: float, fault_id: str = "a") -> SlowService:
    return SlowService(fault_id=fault_id, service="cart", latency_milliseconds=milliseconds)


@pytest.mark.parametrize(
    ("make", "one", "other", "single", "both"),
    [
        (delay, 100.0, 50.0, 0.1, 0.15),
        (loss, 0.5, 0.2, 0.5, 0.6),
        (loss, 1.0, 0.2, 1.0, 1.0),
        (memory, 0.3, 0.4, 0.3, 0.7),
        (memory, 0.8, 0.7, 0.8, 1.0),
        (leak, 1e6, 2e6, 1e6, 3e6),
        (slow, 40.0, 60.0, 0.04, 0.1),
    ],
)
def test_faults_at_one_place_add_up_and_clearing_one_leaves_the_other(
    make: Any, one: float, other: float, single: float, both: float
) -> None:
    stands = running(1)
    first, second = make(one, "a"), make(other, "b")
    assert stands.apply(0, first).postcheck_status is CheckStatus.PASSED
    assert number(stands, first) == pytest.approx(single)
    assert stands.apply(0, first).status is CommandStatus.ALREADY_THERE
    stands.apply(0, second)
    assert number(stands, first) == pytest.approx(both)
    stands.apply(0, ClearFault(fault_id="b"))
    assert number(stands, first) == pytest.approx(single)
    stands.apply(0, make(other, "a"))
    stands.apply(0, make(one, "a"))
    assert number(stands, first) == pytest.approx(single), "an id that is given again replaces its own fault"
    stands.apply(0, ClearFault(fault_id="a"))
    assert number(stands, first) == 0.0


@pytest.mark.parametrize("kind", [FailService, BreakPort])
def test_two_outages_of_one_service_last_until_both_are_over(kind: Any) -> None:
    stands = running(1)
    for fault_id in ("a", "b"):
        stands.apply(0, kind(fault_id=fault_id, service="cart"))
    stands.apply(0, ClearFault(fault_id="a"))
    assert number(stands, kind(fault_id="b", service="cart")) == 1.0
    stands.apply(0, ClearFault(fault_id="b"))
    assert number(stands, kind(fault_id="b", service="cart")) == 0.0


def test_after_an_outage_containers_start_from_nothing_and_what_was_in_flight_is_lost() -> None:
    stands = running(1)
    s = stands._graph.service_index["cart"]
    stands._state.leaked_bytes[s, 0] = 1e6
    stands.apply(0, FailService(fault_id="a", service="cart"))
    assert stands._state.lost[s, 0] > 0.0
    stands.advance(60.0)
    stands.apply(0, ClearFault(fault_id="a"))
    assert stands._column(0).num_ready(s) == 0
    assert stands._state.leaked_bytes[s, 0] == 0.0
    stands.advance(60.0)
    assert stands._column(0).num_ready(s) == APPLICATION.service("cart").replicas


def test_one_id_is_one_fault_at_one_place() -> None:
    stands = running(1)
    stands.apply(0, delay(100.0, "a"))
    for command in (
        loss(0.5, "a"),
        DelayEdge(fault_id="a", source="frontend", target="cart", latency_milliseconds=100.0),
        StressCpu(fault_id="a", service="cart", load_ratio=0.5),
        KillPods(fault_id="a", service="cart", period_seconds=30.0),
    ):
        receipt = stands.apply(0, command)
        assert receipt.status is CommandStatus.CONFLICT
        assert "active as DelayEdge at checkout->payment" in receipt.message
    assert stands._state.edge_loss.max() == 0.0
    assert np.isinf(stands._state.kill_period).all()


def test_the_faster_of_two_kill_loops_counts_and_the_slower_goes_on_after_it() -> None:
    stands = running(1)
    s = stands._graph.service_index["cart"]
    for fault_id, seconds in (("slow", 60.0), ("fast", 20.0)):
        stands.apply(0, KillPods(fault_id=fault_id, service="cart", period_seconds=seconds))
    assert stands._state.kill_period[s, 0] == 20.0
    stands.apply(0, ClearFault(fault_id="fast"))
    assert stands._state.kill_period[s, 0] == 60.0
    stands.apply(0, ClearFault(fault_id="slow"))
    assert np.isinf(stands._state.kill_next[s, 0])


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (delay(0.0), "latency_milliseconds of 0.0"),
        (delay(float("inf")), "more than 0"),
        (loss(1.01), "at most 1"),
        (loss(-0.1), "more than 0"),
        (memory(1.5), "at most 1"),
        (leak(0.0), "more than 0"),
        (slow(float("nan")), "more than 0"),
        (FailService(fault_id="x", service="basket"), "known services"),
        (BreakPort(fault_id="x", service="load-generator"), "scenario"),
        (LosePackets(fault_id="x", source="cart", target="checkout", loss_ratio=0.5), "cart->valkey-cart"),
    ],
)
def test_impossible_faults_are_rejected(command: Command, named: str) -> None:
    receipt = running(1).apply(0, command)
    assert receipt.status is CommandStatus.REJECTED
    assert named in receipt.message


def test_users_can_be_asked_for_less_of_one_type_or_of_all() -> None:
    stands = running(1)
    shape = stands._state.shape
    names = [request.name for request in APPLICATION.request_types]
    stands.apply(0, ShapeWorkload(request_type="checkout", factor=0.25))
    assert shape[names.index("checkout"), 0] == 0.25
    assert shape.sum() == len(names) - 0.75
    receipt = stands.apply(0, ShapeWorkload(request_type="", factor=0.5))
    assert (shape == 0.5).all()
    stands.apply(0, ShapeWorkload(request_type="index", factor=1.0))
    assert stands.apply(0, receipt.command).status is CommandStatus.APPLIED, "one type differs again"
    assert stands.apply(0, ShapeWorkload(request_type="index", factor=0.5)).status is CommandStatus.ALREADY_THERE
