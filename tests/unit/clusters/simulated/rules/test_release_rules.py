"""Releases go out, whole or in part, and are taken back; what cannot go out says why."""

import pytest

from clusters.commands import CheckStatus, CommandStatus, Scale, SetFlag, ShiftTraffic
from clusters.simulated.stands import SimulatedStands
from tests.stands import APPLICATION, running

CART, CHECKOUT, MISSING = "cart-2.3.0", "checkout-2.3.0", "payment-2.3.0"


def shift(share: float, *, service: str = "cart", release: str = CART) -> ShiftTraffic:
    return ShiftTraffic(service=service, release=release, share=share)


def release_of(stands: SimulatedStands, field: str, service: str = "cart") -> int:
    return int(getattr(stands._state, field)[stands._graph.service_index[service], 0])


def test_a_canary_passes_its_postcheck_once_its_replicas_are_ready() -> None:
    stands = running(1)
    receipt = stands.apply(0, shift(0.1))
    assert (receipt.status, receipt.postcheck_status) == (CommandStatus.APPLIED, CheckStatus.PENDING)
    stands.advance(APPLICATION.service("cart").startup_seconds)
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.PASSED
    assert stands.apply(0, shift(0.1)).status is CommandStatus.ALREADY_THERE
    assert stands.apply(0, shift(0.5)).status is CommandStatus.APPLIED


def test_a_promotion_rolls_the_replicas_and_ends_the_canary() -> None:
    stands = running(1)
    stands.apply(0, shift(0.5))
    stands.advance(60.0)
    receipt = stands.apply(0, shift(1.0))
    assert receipt.postcheck_status is CheckStatus.PENDING
    assert release_of(stands, "canary") == -1
    assert APPLICATION.releases[release_of(stands, "version")].name == CART
    stands.advance(120.0)
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.PASSED
    assert stands.apply(0, shift(1.0)).status is CommandStatus.ALREADY_THERE
    refused = stands.apply(0, shift(0.5))
    assert refused.status is CommandStatus.REJECTED
    assert "take it back" in refused.message


def test_taking_back_a_version_rolls_and_a_canary_is_gone_at_once() -> None:
    stands = running(1)
    assert stands.apply(0, shift(0.0)).status is CommandStatus.ALREADY_THERE
    stands.apply(0, shift(0.1))
    assert stands.apply(0, shift(0.0)).postcheck_status is CheckStatus.PASSED
    assert release_of(stands, "canary") == -1
    promoted = stands.apply(0, shift(1.0))
    receipt = stands.apply(0, shift(0.0))
    assert receipt.postcheck_status is CheckStatus.PENDING
    assert release_of(stands, "version") == -1
    stands.advance(120.0)
    assert stands.verify(0, receipt).postcheck_status is CheckStatus.PASSED
    assert stands.verify(0, promoted).postcheck_status is CheckStatus.FAILED, "it was overruled"


def test_a_missing_image_is_found_after_the_precheck_and_the_old_replicas_serve_on() -> None:
    stands = running(1)
    s = stands._graph.service_index["payment"]
    for share in (0.1, 1.0):
        receipt = stands.apply(0, shift(share, service="payment", release=MISSING))
        assert receipt.status is CommandStatus.IMAGE_MISSING
        assert (receipt.precheck_status, receipt.postcheck_status) == (CheckStatus.PASSED, CheckStatus.FAILED)
        assert "cannot be pulled" in receipt.message
        assert not receipt.is_in_force
        assert stands.verify(0, receipt) == receipt
    assert release_of(stands, "version", "payment") == release_of(stands, "canary", "payment") == -1
    assert stands._column(0).num_ready(s) == APPLICATION.service("payment").replicas
    taken_back = stands.apply(0, shift(0.0, service="payment", release=MISSING))
    assert taken_back.status is CommandStatus.ALREADY_THERE


@pytest.mark.parametrize(
    ("command", "named"),
    [
        (shift(0.5, service="basket"), "known services"),
        (shift(0.5, release="cart-9"), CART),
        (shift(0.5, release=CHECKOUT), "no release 'checkout-2.3.0'"),
        (shift(0.5, service="quote", release=CART), "known releases: none"),
        (shift(-0.1), "0 to 1"),
        (shift(1.1), "0 to 1"),
        (shift(float("nan")), "0 to 1"),
        (SetFlag(flag="cartFailure", variant="sometimes"), "off, on"),
    ],
)
def test_what_does_not_exist_is_rejected(command: ShiftTraffic | SetFlag, named: str) -> None:
    receipt = running(1).apply(0, command)
    assert receipt.status is CommandStatus.REJECTED
    assert named in receipt.message


def test_a_service_without_replicas_gets_no_release() -> None:
    stands = running(1)
    stands.apply(0, Scale(service="cart", replicas=0))
    receipt = stands.apply(0, shift(0.5))
    assert receipt.status is CommandStatus.REJECTED
    assert "scale it up" in receipt.message
