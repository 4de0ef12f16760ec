"""Requests and limits: any of them at once, rolled out, and never a request above its limit."""

import pytest

from clusters.commands import CheckStatus, CommandStatus, SetResources
from clusters.simulated.stands import SimulatedStands
from tests.stands import APPLICATION, running

CART = APPLICATION.service("cart")


def of_cart(stands: SimulatedStands, field: str) -> float:
    return float(getattr(stands._state, field)[stands._graph.service_index["cart"], 0])


def test_what_is_not_named_stays_as_it_is() -> None:
    stands = running(1)
    stands.apply(0, SetResources(service="cart", memory_limit_bytes=2.0 * CART.memory_limit_bytes))
    assert of_cart(stands, "memory_limit") == 2.0 * CART.memory_limit_bytes
    assert of_cart(stands, "memory_request") == CART.memory_limit_bytes
    assert of_cart(stands, "desired_limit") == of_cart(stands, "cpu_request") == CART.cpu_limit_millicores
    stands.apply(0, SetResources(service="cart", cpu_request_millicores=100.0, memory_request_bytes=1e8))
    assert of_cart(stands, "cpu_request") == 100.0
    assert of_cart(stands, "memory_request") == 1e8
    assert of_cart(stands, "desired_limit") == CART.cpu_limit_millicores


@pytest.mark.parametrize(
    "command",
    [
        SetResources(service="cart", memory_limit_bytes=2e8, memory_request_bytes=1.5e8),
        SetResources(service="cart", cpu_request_millicores=200.0),
        SetResources(service="cart", cpu_limit_millicores=400.0),
    ],
)
def test_every_kind_is_rolled_out_and_passes_when_all_replicas_are_new(command: SetResources) -> None:
    stands = running(1)
    s = stands._graph.service_index["cart"]
    receipt = stands.apply(0, command)
    assert (receipt.status, receipt.postcheck_status) == (CommandStatus.APPLIED, CheckStatus.PENDING)
    assert stands._state.roll[:, s, 0].sum() == CART.replicas
    stands.advance(120.0)
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.PASSED
    assert stands.apply(0, command).status is CommandStatus.ALREADY_THERE


def test_a_postcheck_fails_once_another_command_has_overruled_it() -> None:
    stands = running(1)
    receipt = stands.apply(0, SetResources(service="cart", cpu_limit_millicores=400.0))
    stands.apply(0, SetResources(service="cart", cpu_limit_millicores=500.0))
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.FAILED


@pytest.mark.parametrize(
    ("command", "status", "named"),
    [
        (SetResources(service="cart"), CommandStatus.REJECTED, "at least one"),
        (SetResources(service="cart", memory_limit_bytes=-1.0), CommandStatus.REJECTED, "memory_limit_bytes of -1"),
        (SetResources(service="cart", cpu_limit_millicores=100.0), CommandStatus.REJECTED, "set both"),
        (
            SetResources(service="cart", memory_request_bytes=1.01 * CART.memory_limit_bytes),
            CommandStatus.REJECTED,
            "more than its memory_limit_bytes",
        ),
        (SetResources(service="cart", cpu_limit_millicores=2401.0), CommandStatus.QUOTA_EXCEEDED, "at most 2400"),
        (SetResources(service="cart", memory_limit_bytes=1e12), CommandStatus.QUOTA_EXCEEDED, "at most"),
        (SetResources(service="load-generator", cpu_limit_millicores=1.0), CommandStatus.REJECTED, "scenario"),
    ],
)
def test_an_impossible_request_or_limit_changes_nothing(
    command: SetResources, status: CommandStatus, named: str
) -> None:
    stands = running(1)
    before = stands.snapshot().state
    receipt = stands.apply(0, command)
    assert (receipt.status, receipt.precheck_status) == (status, CheckStatus.FAILED)
    assert named in receipt.message
    for field in ("desired_limit", "cpu_request", "memory_limit", "memory_request", "roll"):
        assert (getattr(stands._state, field) == getattr(before, field)).all()
