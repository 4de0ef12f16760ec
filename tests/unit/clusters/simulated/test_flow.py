"""Requests are neither made nor lost on their way through the graph."""

import numpy as np
import pytest

from clusters.commands import SetRateLimit, StressCpu
from tests.stands import APPLICATION, NOMINAL_RPS, edge, journey, node, running, stand


def test_telemetry_agrees_along_the_graph() -> None:
    stands = running(4)
    stands.advance(60.0)
    window = stands.observe(60.0, 10.0)
    for service in APPLICATION.service_names[1:]:
        into = sum(
            edge(window, e.source, e.target, "request_rate_rps") for e in APPLICATION.edges if e.target == service
        )
        np.testing.assert_allclose(into, node(window, service, "request_rate_rps"), rtol=1e-4)
    offered = sum(journey(window, name, "offered_rate_rps") for name in APPLICATION.journey_names)
    np.testing.assert_allclose(offered, stand(window, "offered_rate_rps"), rtol=1e-5)
    np.testing.assert_allclose(
        edge(window, "payment", "flagd", "request_rate_rps").mean(),
        edge(window, "checkout", "payment", "request_rate_rps").mean(),
        rtol=0.01,
    )


def test_a_service_that_few_requests_reach_has_their_noise() -> None:
    stands = running(400)
    stands.advance(60.0)
    window = stands.observe(60.0, 10.0)
    weights = {request.name: request.weight for request in APPLICATION.request_types}
    checkouts = sum(weight for name, weight in weights.items() if name.startswith("checkout")) / sum(weights.values())
    for service, share in (("frontend", 1.0), ("payment", checkouts)):
        rate = node(window, service, "request_rate_rps")
        apart = rate.std(axis=0).mean() / rate.mean()
        assert apart == pytest.approx(1.0 / np.sqrt(share * NOMINAL_RPS * 10.0), rel=0.15)
    frontend, payment = (node(window, name, "request_rate_rps").ravel() for name in ("frontend", "payment"))
    assert np.corrcoef(frontend, payment)[0, 1] < 0.6, "most of what comes in never gets there"


def test_a_full_service_passes_on_what_it_finishes_however_many_come() -> None:
    stands = running(400)
    for stand_index in range(400):
        stands.apply(stand_index, StressCpu(fault_id="stress", service="checkout", load_ratio=0.9))
    stands.advance(60.0)
    window = stands.observe(30.0, 10.0)
    come, passed = (node(window, name, "request_rate_rps")[:, -1] for name in ("checkout", "payment"))
    assert abs(np.corrcoef(come, passed)[0, 1]) < 0.3
    assert passed.std() / passed.mean() > 0.03, "its own work is what makes it uneven"


def test_the_rate_limit_sheds_the_rest_as_errors() -> None:
    stands = running(1)
    stands.apply(0, SetRateLimit(limit_rps=60.0))
    stands.advance(60.0)
    window = stands.observe(60.0, 10.0)
    assert (node(window, "frontend", "request_rate_rps") <= 60.0 + 1e-3).all()
    assert (stand(window, "rate_limit_rps") == 60.0).all()
    shed = 1.0 - 60.0 / stand(window, "offered_rate_rps")
    np.testing.assert_allclose(journey(window, "browse", "error_ratio"), shed, atol=0.02)
    assert (journey(window, "browse", "good_ratio") <= 1.0 - shed + 0.02).all()


def test_retries_amplify_the_load_on_a_struggling_service() -> None:
    stands = running(2)
    stands.apply(1, StressCpu(fault_id="stress", service="product-catalog", load_ratio=0.85))
    stands.advance(60.0)
    window = stands.observe(30.0, 10.0)
    retries = edge(window, "frontend", "product-catalog", "retry_rate_rps").mean(axis=-1)
    rate = edge(window, "frontend", "product-catalog", "request_rate_rps").mean(axis=-1)
    assert retries[0] < 0.1
    assert rate[1] - retries[1] < rate[0], "fewer calls get as far as this"
    assert retries[1] > 0.3 * (rate[1] - retries[1]), "but many of them are tried again"
    assert edge(window, "cart", "valkey-cart", "retry_rate_rps").max() == 0.0, "no retries where none are configured"


def test_a_failing_early_call_starves_later_ones_and_an_optional_one_does_not() -> None:
    stands = running(2)
    stands.apply(1, StressCpu(fault_id="stress", service="shipping", load_ratio=0.97))
    stands.advance(120.0)
    window = stands.observe(60.0, 10.0)

    def ratio(target: str) -> float:
        rate = edge(window, "checkout", target, "request_rate_rps").mean(axis=-1)
        return float(rate[1] / rate[0])

    assert ratio("payment") < 0.5, "Charge comes after GetQuote"
    assert ratio("product-catalog") > ratio("payment") + 0.2, "GetProduct comes before it"
    assert (journey(window, "checkout", "error_ratio")[1] > 0.5).all()
    assert (journey(window, "browse", "good_ratio")[1] > 0.95).all()
