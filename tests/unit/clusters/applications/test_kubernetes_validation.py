"""Bad Kubernetes parts: one sentence that names the thing and the fix."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters.applications import load_application_file
from ray_configs.errors import UserError

FOLDER = Path(__file__).parents[4] / "clusters" / "applications"
Document = dict[str, Any]


def _part(service: str, **values: Any) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        next(item for item in document["services"] if item["name"] == service)["kubernetes"].update(values)

    return change


def _flag(flag: str, **values: Any) -> Callable[[Document], None]:
    return lambda document: next(item for item in document["flags"] if item["name"] == flag).update(values)


def _no_flag_server(document: Document) -> None:
    next(item for item in document["services"] if item["name"] == "flagd").update(kind="stateless")


MISTAKES: dict[str, tuple[Callable[[Document], None], tuple[str, ...]]] = {
    "no tag": (_part("cart", image="registry:5000/cart"), ("'cart'", "not pinned", "after a colon")),
    "a tag that moves": (_part("cart", image="demo/cart:latest"), ("not pinned",)),
    "root": (_part("quote", user=0), ("'quote'", "user is 0", "name another")),
    "a group alone": (_part("cart", group=5), ("a group but no user",)),
    "no assignment": (_part("cart", environment=["CART_PORT"]), ("'CART_PORT'", "NAME=value")),
    "a variable that comes later": (
        _part("cart", environment=["URL=http://*:$(CART_PORT)", "CART_PORT=8080"]),
        ("URL refers to $(CART_PORT)", "move it up"),
    ),
    "a variable twice": (_part("cart", environment=["A=1", "A=2"]), ("variable 'A' stands twice",)),
    "a probe of another protocol": (_part("shipping", probe="grpc"), ("probe is grpc", "protocol is http", "use tcp")),
    "no probe for consumers": (_part("accounting", probe="tcp"), ("'accounting'", "no port", "use broker")),
    "a broker probe with a port": (_part("cart", probe="broker"), ("probe is broker, but it has a port",)),
    "waiting for nobody": (_part("cart", waits_for=["valkey:6379"]), ("'valkey:6379'", "valkey-cart:6379")),
    "a port that is not the service's": (
        _part("kafka", ports=[{"name": "controller", "port": 9093}]),
        ("first port is 9093", "reached at 9092"),
    ),
    "a port's name too long": (
        _part("kafka", ports=[{"name": "plaintext-listener", "port": 9092}]),
        ("'plaintext-listener'", "15 lower-case"),
    ),
    "no such file": (
        _part("cart", files=[{"config_map": "c", "source": "nothing.sql", "path": "/x"}]),
        ("no file 'nothing.sql'",),
    ),
    "a flag without a server": (_no_flag_server, ("no service is of kind flags", "delivery: environment")),
    "a flag of one value": (_flag("cartFailure", bad_value=False), ("'cartFailure'", "same good_value and bad_value")),
    "a flag that is no variable": (_flag("frontendRendering", name="front end"), ("'front end'", "variable's name")),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_a_fix(mistake: str, tmp_path: Path) -> None:
    change, words = MISTAKES[mistake]
    document = yaml.safe_load((FOLDER / "async-store.yaml").read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "application.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    with pytest.raises(UserError) as raised:
        load_application_file(path)
    message = str(raised.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert all(word in message for word in words), message
