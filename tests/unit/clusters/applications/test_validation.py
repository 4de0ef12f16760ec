"""Bad application files: one sentence that names the thing and the fix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters.applications import load_application_file
from ray_configs.errors import UserError

FOLDER = Path(__file__).parents[4] / "clusters" / "applications"

Document = dict[str, Any]
Mistakes = dict[str, tuple[Callable[[Document], None], tuple[str, ...]]]


def service(document: Document, name: str) -> Document:
    found: Document = next(s for s in document["services"] if s["name"] == name)
    return found


def first_call(document: Document) -> Document:
    call: Document = service(document, "cart")["operations"][0]["calls"][0]
    return call


def operation(document: Document, service_name: str, name: str) -> Document:
    found: Document = next(o for o in service(document, service_name)["operations"] if o["name"] == name)
    return found


def _operation(service_name: str, name: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: operation(document, service_name, name).update(values)


def _effect(flag: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: _named(document["flags"], flag)["effects"][0].update(values)


def _release(name: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: _named(document["releases"], name).update(values)


def _release_effect(name: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: _named(document["releases"], name)["effects"][0].update(values)


def _group(**values: Any) -> Callable[[Document], None]:
    return lambda document: document["optional_groups"][0].update(values)


def _named(items: list[Document], name: str) -> Document:
    return next(item for item in items if item["name"] == name)


def _call(callee: str) -> Callable[[Document], None]:
    return lambda document: first_call(document).update(operation=callee)


def _service(name: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: service(document, name).update(values)


def _cycle(document: Document) -> None:
    service(document, "valkey-cart")["operations"][0]["calls"] = [{"operation": "checkout.PlaceOrder"}]


MISTAKES: Mistakes = {
    "unknown key": (_service("cart", colour="red"), ("colour", "remove it")),
    "missing key": (lambda d: d.pop("journeys") and None, ("journeys", "add it")),
    "wrong type": (_service("cart", port="eighty"), ("port", "eighty")),
    "unknown service in a call": (_call("basket.GetCart"), ("cart.GetCart", "'basket'", "known services", "checkout")),
    "unknown operation in a call": (_call("valkey-cart.Get"), ("no operation 'Get'", "Command")),
    "negative count": (lambda d: first_call(d).update(count=-1.0), ("count -1.0", "must be positive")),
    "negative retries": (lambda d: first_call(d).update(max_retries=-1), ("max_retries -1", "not negative")),
    "negative limit": (_service("cart", cpu_limit_millicores=-5.0), ("cpu_limit_millicores -5.0", "positive")),
    "no memory": (_service("cart", memory_base_bytes=1e9), ("'cart'", "raise memory_limit_bytes")),
    "replicas over quota": (_service("cart", replicas=9), ("max_replicas 6", "raise it")),
    "protocol": (_service("cart", protocol="smtp"), ("smtp", "http, grpc, tcp, kafka")),
    "negative rate": (lambda d: d.update(nominal_rate_rps=-1.0), ("nominal_rate_rps", "-1.0")),
    "negative weight": (lambda d: d["request_types"][0].update(weight=-1.0), ("'index'", "not be negative")),
    "unknown journey": (lambda d: d["request_types"][0].update(journey="buy"), ("'buy'", "known journeys", "browse")),
    "unknown entry": (lambda d: d["request_types"][0].update(operation="web.Index"), ("'web'", "known services")),
    "cost upside down": (
        lambda d: service(d, "quote")["operations"][0].update(cpu_milliseconds={"low": 3.0, "high": 1.0}),
        ("quote.Calculate", "low <= high"),
    ),
    "flag of no service": (lambda d: d["flags"][0].update(service="bank"), ("paymentFailure", "'bank'")),
    "flag without a call": (
        lambda d: d["flags"][0]["effects"][0].update(call_factor=2.0, call_target="cart"),
        ("paymentFailure", "call_target"),
    ),
    "flag that changes nothing": (lambda d: d["flags"][0].update(bad_variant="off"), ("paymentFailure", "differently")),
    "service twice": (lambda d: d["services"].append(service(d, "cart")), ("'cart'", "twice")),
    "no entry": (_service("load-generator", kind="stateless"), ("load generator",)),
    "cycle": (_cycle, ("cycle", "cart -> valkey-cart -> checkout", "remove one")),
}


CHANGES: Mistakes = {
    "request over limit": (_service("cart", cpu_request_millicores=1e4), ("cpu_request_millicores", "which is 300.0")),
    "no memory request": (_service("cart", memory_request_bytes=0.0), ("memory_request_bytes 0.0", "0 < request")),
    "no rate": (_service("cart", max_rate_rps=0.0), ("'cart'", "max_rate_rps 0.0", "positive")),
    "no port": (_service("cart", port=None), ("'cart' has no port", "consumer of messages", "give it one")),
    "port zero": (_service("cart", port=0), ("port 0", "positive")),
    "latency upside down": (
        _operation("cart", "GetCart", latency_milliseconds={"low": 3.0, "high": 1.0}),
        ("cart.GetCart", "latency_milliseconds from 3.0 to 1.0", "0 <= low <= high"),
    ),
    "negative latency": (
        _operation("cart", "GetCart", latency_milliseconds={"low": -1.0, "high": 1.0}),
        ("cart.GetCart", "from -1.0", "0 <= low <= high"),
    ),
    "message without a queue": (
        lambda d: first_call(d).update(asynchronous=True),
        ("cart.GetCart", "'cart' is no queue", "call a queue"),
    ),
    "flag without effects": (
        lambda d: d["flags"][0].update(effects=[]),
        ("paymentFailure", "no effects", "or remove it"),
    ),
    "effect of no operation": (
        _effect("paymentFailure", operation="Refund"),
        ("paymentFailure", "'Refund'", "it has: Charge"),
    ),
    "effect that changes nothing": (_effect("paymentFailure", error_ratio=0.0), ("paymentFailure", "changes nothing")),
    "negative retries of a flag": (_effect("frontendRetries", added_retries=-1), ("frontendRetries", "out of range")),
    "negative leak": (_effect("paymentFailure", leak_bytes_per_request=-1.0), ("paymentFailure", "not negative")),
    "retries of nobody's calls": (
        _effect("frontendRetries", service="currency", call_target=""),
        ("frontendRetries", "'currency'", "calls nobody"),
    ),
    "retries to a stranger": (
        _effect("frontendRetries", call_target="quote"),
        ("frontendRetries", "'frontend' to 'quote'", "call_target"),
    ),
    "retries of one operation": (
        _effect("frontendRetries", operation="Checkout"),
        ("frontendRetries", "the service's", "leave operation out"),
    ),
    "release twice": (lambda d: d["releases"].append(d["releases"][0]), ("release", "twice")),
    "release of no service": (_release("cart-2.3.0", service="basket"), ("cart-2.3.0", "'basket'", "known services")),
    "release of the users": (
        _release("cart-2.3.0", service="load-generator"),
        ("cart-2.3.0", "load generator", "remove it"),
    ),
    "release of no operation": (
        _release_effect("cart-2.3.0", operation="FillCart"),
        ("cart-2.3.0", "'FillCart'", "it has: GetCart, AddItem, EmptyCart"),
    ),
    "release with a bad ratio": (_release_effect("cart-2.3.0", error_ratio=1.5), ("cart-2.3.0", "ratios 0 to 1")),
    "release that settles at once": (
        _release_effect("cart-2.3.0", settles_after_seconds=0.0),
        ("cart-2.3.0", "settles_after_seconds are positive"),
    ),
    "effects without an image": (
        _release("cart-2.3.0", image_exists=False),
        ("cart-2.3.0", "no image", "set image_exists"),
    ),
    "group twice": (lambda d: d["optional_groups"].append(d["optional_groups"][0]), ("optional group", "twice")),
    "group of nothing": (_group(services=[]), ("'recommendations'", "no services", "at least one")),
    "group of no service": (_group(services=["adverts"]), ("'recommendations'", "'adverts'", "known services")),
    "group of the users": (_group(services=["load-generator"]), ("load generator", "take it out")),
    "group on the entry": (_group(services=["frontend"]), ("request type 'index'", "nobody can leave out")),
    "group on the core path": (
        _group(services=["payment"]),
        ("'recommendations'", "checkout.PlaceOrder", "'payment.Charge'", "omittable"),
    ),
    "service in two groups": (
        lambda d: d["optional_groups"].append({"name": "advice", "services": ["recommendation"]}),
        ("'advice'", "'recommendation'", "as does 'recommendations'"),
    ),
    "CPU quota": (lambda d: d.update(cpu_quota_millicores=6000.0), ("cpu_quota_millicores", "6260", "raise it")),
    "memory quota": (lambda d: d.update(memory_quota_bytes=1e9), ("memory_quota_bytes", "raise it")),
}
"""Of what may change while the application runs."""

MESSAGES: Mistakes = {
    "queue that waits": (
        lambda d: operation(d, "kafka", "Publish")["calls"][0].update(asynchronous=False),
        ("'kafka' waits", "'accounting.ConsumeOrder'", "asynchronous"),
    ),
    "message that is repeated": (
        lambda d: operation(d, "kafka", "Publish")["calls"][0].update(max_retries=1),
        ("kafka.Publish", "max_retries 1", "cannot fail"),
    ),
    "consumer that is called": (
        lambda d: operation(d, "checkout", "PlaceOrder")["calls"].append({"operation": "accounting.ConsumeOrder"}),
        ("'accounting'", "gets messages and is called too", "split it"),
    ),
    "consumer at the entry": (
        lambda d: d["request_types"][0].update(operation="accounting.ConsumeOrder"),
        ("'accounting'", "gets messages and is called too"),
    ),
}
"""Of async-store."""


@pytest.mark.parametrize(
    ("application", "mistake"),
    [
        *(("small-core", mistake) for mistake in {**MISTAKES, **CHANGES}),
        *(("async-store", mistake) for mistake in MESSAGES),
    ],
)
def test_a_mistake_is_named_with_its_fix(application: str, mistake: str, tmp_path: Path) -> None:
    document = yaml.safe_load((FOLDER / f"{application}.yaml").read_text())
    change, named = {**MISTAKES, **CHANGES, **MESSAGES}[mistake]
    change(document)
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    with pytest.raises(UserError) as caught:
        load_application_file(path)
    message = str(caught.value)
    assert "broken.yaml" in message
    assert "\n" not in message
    for part in named:
        assert part in message, message
