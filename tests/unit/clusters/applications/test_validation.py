"""Bad application files: one sentence that names the thing and the fix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters.applications import load_application_file
from ray_configs.errors import UserError

SOURCE = Path(__file__).parents[4] / "clusters" / "applications" / "small-core.yaml"

Document = dict[str, Any]


def service(document: Document, name: str) -> Document:
    found: Document = next(s for s in document["services"] if s["name"] == name)
    return found


def first_call(document: Document) -> Document:
    call: Document = service(document, "cart")["operations"][0]["calls"][0]
    return call


def _call(callee: str) -> Callable[[Document], None]:
    return lambda document: first_call(document).update(operation=callee)


def _service(name: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: service(document, name).update(values)


def _cycle(document: Document) -> None:
    service(document, "valkey-cart")["operations"][0]["calls"] = [{"operation": "checkout.PlaceOrder"}]


MISTAKES: dict[str, tuple[Callable[[Document], None], tuple[str, ...]]] = {
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


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_with_its_fix(mistake: str, tmp_path: Path) -> None:
    document = yaml.safe_load(SOURCE.read_text())
    change, named = MISTAKES[mistake]
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
