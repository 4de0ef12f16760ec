"""Inventories that make no sense are refused where they are read, with the key and the fix."""

from typing import Any

import pytest

from clusters.k3s.inventory import ImageKind, Inventory
from ray_configs.errors import UserError
from ray_configs.loading import parse

TELEMETRY = {"prometheus_url": "http://p:9090", "otlp_endpoint": "http://gateway.telemetry:4318"}
CLUSTER = {"name": "north", "telemetry": TELEMETRY}


def read(**changes: Any) -> Inventory:
    return parse({"clusters": [CLUSTER]} | changes, Inventory, source="stands.yaml")


def test_what_is_left_out_is_small_and_synthetic() -> None:
    inventory = read()
    assert inventory.cluster("north").stands == 1
    assert inventory.cluster("north").images.kind is ImageKind.SYNTHETIC
    with pytest.raises(KeyError, match="there is no cluster 'south': there are north"):
        inventory.cluster("south")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clusters": []}, "clusters must name at least one cluster"),
        ({"clusters": [CLUSTER, CLUSTER]}, "clusters must have different names, not north, north"),
        ({"clusters": [CLUSTER | {"stands": 0}]}, "stands must be at least 1, not 0"),
        ({"clusters": [CLUSTER | {"contxt": "x"}]}, "unknown key 'clusters.0.contxt'"),
        ({"clusters": [{"name": "north"}]}, "key 'clusters.0.telemetry' is missing"),
        ({"namespace_prefix": "Gym_1"}, "namespace_prefix must be at most 20 lower-case letters"),
        ({"namespace_prefix": "g" * 21}, "namespace_prefix must be at most 20 lower-case letters"),
        ({"lease_seconds": 0.0}, "lease_seconds must be positive"),
        ({"rate_ratio": 2.0}, "rate_ratio must be above 0 and at most 1"),
        (
            {"clusters": [CLUSTER | {"telemetry": TELEMETRY | {"edges": "magic"}}]},
            "key 'clusters.0.telemetry.edges' has the value 'magic'",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=r"^stands\.yaml: ") as error:
        read(**changes)
    assert sentence in str(error.value)
