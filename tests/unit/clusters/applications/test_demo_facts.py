"""The applications are the demo (2.2.0, chart 0.40.10): its services, addresses, limits, calls, order and flags."""

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.topology import LOAD_GENERATOR, Application

SMALL_CORE = frozenset(
    {
        *(LOAD_GENERATOR, "frontend", "cart", "checkout", "product-catalog", "recommendation", "payment", "shipping"),
        *("quote", "currency", "valkey-cart", "postgresql", "flagd"),
    }
)
MEDIUM_STORE = SMALL_CORE | {"frontend-proxy", "ad", "email"}
SERVICES = {
    "small-core": SMALL_CORE,
    "medium-store": MEDIUM_STORE,
    "async-store": MEDIUM_STORE | {"kafka", "accounting", "fraud-detection"},
    "review-store": MEDIUM_STORE | {"product-reviews", "llm"},
}

ADDRESSES: dict[str, tuple[str, int | None, int | None]] = {
    "load-generator": ("http", 8089, 1500),
    "frontend-proxy": ("http", 8080, 65),
    "frontend": ("http", 8080, 250),
    "cart": ("grpc", 8080, 160),
    "checkout": ("grpc", 8080, 20),
    "product-catalog": ("grpc", 8080, 20),
    "recommendation": ("grpc", 8080, 500),
    "payment": ("grpc", 8080, 140),
    "shipping": ("http", 8080, 20),
    "currency": ("grpc", 8080, 20),
    "quote": ("http", 8080, 40),
    "email": ("http", 8080, 100),
    "ad": ("grpc", 8080, 300),
    "accounting": ("kafka", None, 120),
    "fraud-detection": ("kafka", None, 300),
    "kafka": ("kafka", 9092, 700),
    "flagd": ("grpc", 8013, 75),
    "product-reviews": ("grpc", 3551, 100),
    "llm": ("http", 8000, None),
    "postgresql": ("tcp", 5432, 100),
    "valkey-cart": ("tcp", 6379, 20),
}
"""Protocol, port and memory limit in MiB; None: the demo sets none."""

LOCUST_WEIGHTS = 32.0
"""Sum of the weights of all its tasks, those that an application leaves out and the one that does nothing included."""

EDGES = {
    ("frontend", "product-catalog"): 1.0,
    ("frontend", "cart"): 0.469,
    ("frontend", "recommendation"): 0.094,
    ("recommendation", "product-catalog"): 0.094,
    ("frontend", "ad"): 0.094,
    ("frontend", "checkout"): 0.0625,
    ("frontend", "product-reviews"): 0.094,
    ("checkout", "cart"): 0.125,
    ("checkout", "product-catalog"): 0.125,
    ("checkout", "currency"): 0.188,
    ("checkout", "shipping"): 0.125,
    ("shipping", "quote"): 0.0625,
    ("checkout", "payment"): 0.0625,
    ("checkout", "email"): 0.0625,
    ("checkout", "kafka"): 0.0625,
    ("kafka", "accounting"): 0.0625,
    ("kafka", "fraud-detection"): 0.0625,
    ("accounting", "postgresql"): 0.0625,
    ("product-catalog", "postgresql"): 1.219,
    ("product-reviews", "postgresql"): 0.094,
    ("product-reviews", "llm"): 0.0625,
    ("cart", "valkey-cart"): 1.031,
}
"""Mean calls per iteration of a user, from the weights and the code of the tasks."""

REQUESTS = {
    "small-core": 37 - 3 - 3 - 6,
    "medium-store": 37 - 3,
    "async-store": 37 - 3,
    "review-store": 37,
}
"""Requests in so many iterations: 37 in the demo (1.156 each), of them 3 for reviews and 3 for ads. small-core counts
the two requests that put a product into the cart, 6 times, as one."""

FLAG_READERS = frozenset(
    {
        *("cart", "checkout", "payment", "product-catalog", "recommendation", "ad", "email", "fraud-detection"),
        *("product-reviews", "llm"),
    }
)

FLAGS = {
    "paymentFailure": ("payment", "50%"),
    "paymentUnreachable": ("checkout", "on"),
    "cartFailure": ("cart", "on"),
    "productCatalogFailure": ("product-catalog", "on"),
    "recommendationCacheFailure": ("recommendation", "on"),
    "adFailure": ("ad", "on"),
    "adHighCpu": ("ad", "on"),
    "adManualGc": ("ad", "on"),
    "emailMemoryLeak": ("email", "1000x"),
    "kafkaQueueProblems": ("kafka", "on"),
    "llmRateLimitError": ("llm", "on"),
    "llmInaccurateResponse": ("llm", "on"),
}
"""Owner and bad variant. Left out: what only browsers or the load itself would show, and what has no effect."""

ORDER = (
    *("cart.GetCart", "product-catalog.GetProduct", "currency.Convert", "shipping.GetQuote", "currency.Convert"),
    *("payment.Charge", "shipping.ShipOrder", "cart.EmptyCart", "email.SendOrderConfirmation", "kafka.Publish"),
)


def edge_calls(application: Application) -> dict[tuple[str, str], float]:
    """Mean calls along every edge per iteration of a user."""
    calls: dict[tuple[str, str], float] = {}

    def follow(source: str, reference: str, executions: float) -> None:
        target, _, operation = reference.partition(".")
        calls[source, target] = calls.get((source, target), 0.0) + executions
        for call in application.service(target).operation(operation).calls:
            follow(target, call.operation, executions * call.count)

    for request in application.request_types:
        follow(LOAD_GENERATOR, request.operation, request.weight / LOCUST_WEIGHTS)
    return calls


@pytest.mark.parametrize("name", APPLICATIONS)
def test_it_holds_the_services_of_its_configuration(name: str) -> None:
    assert set(load_application(name).service_names) == SERVICES[name]


@pytest.mark.parametrize("name", APPLICATIONS)
def test_services_are_reached_and_limited_as_in_the_demo(name: str) -> None:
    for service in load_application(name).services:
        protocol, port, memory_mib = ADDRESSES[service.name]
        assert (service.protocol, service.port) == (protocol, port)
        assert memory_mib is None or service.memory_limit_bytes == memory_mib * 2**20


@pytest.mark.parametrize("name", APPLICATIONS)
def test_calls_per_iteration_are_the_demos(name: str) -> None:
    calls = edge_calls(load_application(name))
    entries = [edge for edge in calls if edge[0] == LOAD_GENERATOR or edge[1] == "frontend"]
    assert len(entries) == 1 + ("frontend-proxy" in SERVICES[name])
    for edge in entries:
        assert calls.pop(edge) == pytest.approx(REQUESTS[name] / LOCUST_WEIGHTS)
    # The lookups of flags depend on the language's client; the rest is what the demo's code does.
    counted = {edge: count for edge, count in calls.items() if edge[1] != "flagd"}
    assert set(counted) == {edge for edge in EDGES if set(edge) <= SERVICES[name]}
    for edge, count in counted.items():
        assert count == pytest.approx(EDGES[edge], abs=0.0006), edge


@pytest.mark.parametrize("name", APPLICATIONS)
def test_who_looks_up_flags(name: str) -> None:
    readers = {source for source, target in edge_calls(load_application(name)) if target == "flagd"}
    # Payment alone waits for its flag provider; small-core has the calls that an order needs and no more.
    assert readers == ({"payment"} if name == "small-core" else FLAG_READERS & SERVICES[name])


@pytest.mark.parametrize("name", APPLICATIONS)
def test_an_order_calls_in_the_demos_sequence_and_may_fail_after_the_shipment(name: str) -> None:
    operation = load_application(name).service("checkout").operation("PlaceOrder")
    calls = [call for call in operation.calls if call.operation != "flagd.ResolveFlag"]
    assert [call.operation for call in calls] == [o for o in ORDER if o.split(".")[0] in SERVICES[name]]
    after_shipment = [call.operation for call in calls][7:]
    assert [call.operation for call in calls if not call.required] == after_shipment
    assert after_shipment[0] == "cart.EmptyCart"


def test_only_messages_are_asynchronous() -> None:
    for name in APPLICATIONS:
        application = load_application(name)
        messages = {
            (service.name, call.operation)
            for service in application.services
            for operation in service.operations
            for call in operation.calls
            if call.asynchronous
        }
        consumers = {"accounting", "fraud-detection"} & SERVICES[name]
        assert messages == {("kafka", f"{consumer}.ConsumeOrder") for consumer in consumers}


@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_demos_flags_that_touch_its_services(name: str) -> None:
    application = load_application(name)
    flags = {flag.name: (flag.service, flag.bad_variant) for flag in application.flags if flag.good_variant == "off"}
    expected = {flag: known for flag, known in FLAGS.items() if known[0] in SERVICES[name]}
    if name == "small-core":
        del expected["paymentUnreachable"]
    assert flags == expected


@pytest.mark.parametrize(
    ("name", "extended"),
    [
        ("async-store", {"checkout", "postgresql"}),
        ("review-store", {"frontend-proxy", "frontend"}),
    ],
)
def test_the_bigger_stores_extend_the_medium_one(name: str, extended: set[str]) -> None:
    """Three files describe these services; only those that meet a new neighbour differ."""
    medium, bigger = load_application("medium-store"), load_application(name)
    differing = {service.name for service in medium.services if bigger.service(service.name) != service}
    assert differing == extended
    for service_name in extended:
        for operation in medium.service(service_name).operations:
            calls = [c for c in bigger.service(service_name).operation(operation.name).calls if c in operation.calls]
            assert tuple(calls[: len(operation.calls)]) == operation.calls
