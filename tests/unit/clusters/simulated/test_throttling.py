"""What is starved behind an overload, and overloads with timeouts and retries: they settle where they do in truth."""

import numpy as np
import pytest

from clusters.commands import ScaleWorkload, SetFlag, StressCpu
from clusters.simulated.kernels.flow import served_rate
from tests.stands import edge, node, running


def test_an_overload_with_timeouts_and_retries_settles() -> None:
    """The reference is steady, with 39 requests at the cart, 50 at the frontend and a full line of 214 at checkout.

    Stands are not as steady as that, but a tick's feedback must not ring: a bucket above its mean is followed by one
    above it as often as not.
    """
    stands = running(8)
    for n in range(8):
        stands.apply(n, SetFlag(flag="checkoutCartClient", variant="v2"))
    stands.advance(300.0)
    window = stands.observe(200.0, 10.0)
    for service in ("frontend", "product-catalog", "cart", "checkout"):
        number = node(window, service, "queue_depth")
        off = number - number.mean(axis=-1, keepdims=True)
        ringing = (off[:, 1:] * off[:, :-1]).sum() / (off * off).sum()
        assert ringing > -0.3, service
    catalog = node(window, "product-catalog", "queue_depth")
    assert (catalog.std(axis=-1) < 0.35 * catalog.mean(axis=-1)).all()
    assert 25.0 < node(window, "cart", "queue_depth").mean() < 50.0
    assert 40.0 < node(window, "frontend", "queue_depth").mean() < 65.0
    assert node(window, "checkout", "queue_depth").mean() > 140.0


def test_calls_after_a_saturated_one_go_out_as_it_lets_them() -> None:
    stands = running(2)
    stands.apply(1, StressCpu(fault_id="s", service="recommendation", load_ratio=0.8))
    stands.advance(30.0)
    window = stands.observe(10.0, 10.0)
    to_recommendation = edge(window, "frontend", "recommendation", "request_rate_rps")[:, 0]
    to_catalog = edge(window, "frontend", "product-catalog", "request_rate_rps")[:, 0]
    assert to_recommendation[1] == pytest.approx(to_recommendation[0], rel=0.1), "it is called as before"
    assert to_catalog[1] < 0.85 * to_catalog[0], "but the calls that follow it wait"


def test_a_service_recovers_from_an_overload_of_its_workers() -> None:
    stands = running(4)
    for n in range(4):
        stands.apply(n, ScaleWorkload(multiplier=1.6))
    stands.advance(60.0)
    for n in range(4):
        stands.apply(n, ScaleWorkload(multiplier=0.9))
    stands.advance(90.0)
    number = node(stands.observe(30.0, 10.0), "checkout", "queue_depth").mean()
    healthy = node(running(4, rate_rps=90.0).observe(30.0, 10.0), "checkout", "queue_depth").mean()
    assert number < 2.0 * healthy


def test_a_backlog_is_worked_off_with_all_there_is_and_noise_is_not() -> None:
    can = np.float32(100.0)
    for backlog, admitted, served in (
        (0.0, 80.0, 80.0),
        (8.0, 80.0, 80.0),
        (500.0, 80.0, 100.0),
        (500.0, 120.0, 100.0),
    ):
        assert served_rate(np.float32(backlog), np.float32(admitted), can) == pytest.approx(served)
