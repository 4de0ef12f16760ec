"""The shipped applications, and small-core's facts that others rely on."""

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.topology import LOAD_GENERATOR, ServiceKind
from ray_configs.errors import UserError


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_shipped_application_is_valid_and_named_after_its_key(name: str) -> None:
    assert load_application(name).name == name


def test_an_unknown_application_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"no application 'medium'.*small-core"):
        load_application("medium")


def test_small_core_is_the_functional_demo() -> None:
    application = load_application("small-core")
    assert set(application.service_names) == {
        LOAD_GENERATOR,
        *("frontend", "cart", "checkout", "product-catalog", "recommendation", "payment", "shipping"),
        *("valkey-cart", "postgresql", "currency", "quote", "flagd"),
    }
    ports = {service.name: (service.protocol, service.port) for service in application.services}
    assert ports["flagd"] == ("grpc", 8013)
    assert ports["shipping"] == ("http", 8080)
    assert ports["valkey-cart"] == ("tcp", 6379)
    assert {s.name for s in application.services if not s.is_scalable} == {
        s.name for s in application.services if s.kind is not ServiceKind.STATELESS
    }
    assert all(s.max_replicas == 1 for s in application.services if not s.is_scalable)


def test_an_order_calls_in_the_demos_sequence_and_may_fail_to_empty_the_cart() -> None:
    calls = load_application("small-core").service("checkout").operation("PlaceOrder").calls
    assert [call.operation for call in calls] == [
        "cart.GetCart",
        "product-catalog.GetProduct",
        "currency.Convert",
        "shipping.GetQuote",
        "currency.Convert",
        "payment.Charge",
        "shipping.ShipOrder",
        "cart.EmptyCart",
    ]
    assert [call.operation for call in calls if not call.required] == ["cart.EmptyCart"]


def test_calls_per_user_action_are_the_measured_ones() -> None:
    """The demo's figures per iteration of its task weights (total 27 here: no reviews, no ads, no flood)."""
    application = load_application("small-core")
    weights = {request.operation: request.weight for request in application.request_types}

    def calls(source: str, target: str) -> float:
        if source == LOAD_GENERATOR:
            return sum(weight for operation, weight in weights.items() if operation.startswith(target))
        return sum(
            _executions(operation_name, source) * call.count
            for operation_name in (o.name for o in application.service(source).operations)
            for call in application.service(source).operation(operation_name).calls
            if call.operation.startswith(f"{target}.")
        )

    def _executions(operation: str, service: str) -> float:
        reference = f"{service}.{operation}"
        return weights.get(reference, 0.0) + sum(
            _executions(caller.name, name) * call.count
            for name in application.service_names
            for caller in application.service(name).operations
            for call in caller.calls
            if call.operation == reference
        )

    assert calls("frontend", "product-catalog") == pytest.approx(32.0)
    assert calls("frontend", "cart") == pytest.approx(15.0)
    assert calls("frontend", "recommendation") == pytest.approx(3.0)
    assert calls("frontend", "checkout") == pytest.approx(2.0)
    assert calls("checkout", "cart") == pytest.approx(4.0)
    assert calls("checkout", "currency") == pytest.approx(6.0)
    assert calls("checkout", "shipping") == pytest.approx(4.0)
    assert calls("shipping", "quote") == pytest.approx(2.0)
    assert calls("cart", "valkey-cart") == pytest.approx(33.0)
    assert calls("product-catalog", "postgresql") == pytest.approx(1.219 * 32.0, rel=0.001)
