"""Chaos resources: what they say, and that Chaos Mesh's own definitions take them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clusters.k3s.faults import documents
from clusters.k3s.kinds import CHAOS_KINDS, kind_of

NAMESPACE, FAULT, PODS = "gym-shop-abc", "Fault No. 1", ["cart-1", "cart-2"]
Document = dict[str, Any]
BUILT: dict[str, Callable[[], Document]] = {
    "cpu": lambda: documents.cpu_stress(NAMESPACE, FAULT, PODS, "cart", millicores=1300.0),
    "memory": lambda: documents.memory_stress(NAMESPACE, FAULT, PODS, "cart", num_bytes=2.5e7),
    "delay": lambda: documents.network_delay(NAMESPACE, FAULT, PODS, ["10.43.0.9/32"], milliseconds=2.5),
    "slow": lambda: documents.network_delay(NAMESPACE, FAULT, PODS, [], milliseconds=100.0),
    "loss": lambda: documents.packet_loss(NAMESPACE, FAULT, PODS, ["10.43.0.9/32"], ratio=0.125),
    "partition": lambda: documents.packet_loss(NAMESPACE, FAULT, PODS, ["10.43.0.9/32"], ratio=1.0),
    "kill": lambda: documents.pod_kill(NAMESPACE, FAULT, "cart", count=2),
    "failure": lambda: documents.pod_failure(NAMESPACE, FAULT, PODS),
    "container": lambda: documents.container_kill(NAMESPACE, FAULT, PODS, "cart"),
    "dns": lambda: documents.dns_error(NAMESPACE, FAULT, PODS, "cart", names="valkey"),
    "http-delay": lambda: documents.http_fault(NAMESPACE, FAULT, PODS, port=8080, delay_milliseconds=30.0),
    "http-abort": lambda: documents.http_fault(NAMESPACE, FAULT, PODS, port=8080, delay_milliseconds=None),
    "io": lambda: documents.io_latency(NAMESPACE, FAULT, PODS, "cart", volume_path="/data", milliseconds=10.0),
}
EACH = pytest.mark.parametrize("build", BUILT.values(), ids=BUILT)


@EACH
def test_the_definitions_take_them(build: Callable[[], Document]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    folder = os.environ.get("GYM_CHAOS_CRDS")
    if not folder:
        pytest.skip("GYM_CHAOS_CRDS is not set")
    document = build()
    plural = kind_of(document).plural
    definition = yaml.safe_load((Path(folder) / f"chaos-mesh.org_{plural}.yaml").read_text(encoding="utf-8"))
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    jsonschema.validate(document, _closed(schema))


@EACH
def test_no_two_have_one_name_and_each_tells_whose_it_is(build: Callable[[], Document]) -> None:
    one, other = build()["metadata"], build()["metadata"]
    assert one["name"] != other["name"]
    assert one["name"].startswith(f"{NAMESPACE}-fault-no-1-")
    assert one["labels"] == other["labels"]
    assert all(len(value) <= 63 for value in (one["name"], *one["labels"].values()))
    assert kind_of(build()) in CHAOS_KINDS


def test_a_strength_becomes_what_the_resource_counts_in() -> None:
    assert BUILT["cpu"]()["spec"]["stressors"]["cpu"] == {"workers": 2, "load": 65}
    assert BUILT["memory"]()["spec"]["stressors"]["memory"]["size"] == "25000000B"
    assert BUILT["delay"]()["spec"]["delay"]["latency"] == "2500us"
    assert BUILT["loss"]()["spec"]["loss"]["loss"] == "12.5"
    assert "loss" not in BUILT["partition"]()["spec"]
    assert BUILT["partition"]()["spec"]["action"] == "partition"
    assert BUILT["http-abort"]()["spec"]["abort"] is True


def test_an_edge_is_delayed_at_the_services_address_and_a_service_everywhere() -> None:
    assert BUILT["delay"]()["spec"]["externalTargets"] == ["10.43.0.9/32"]
    assert BUILT["delay"]()["spec"]["direction"] == "to"
    assert "externalTargets" not in BUILT["slow"]()["spec"]
    assert BUILT["delay"]()["spec"]["selector"]["pods"] == {NAMESPACE: PODS}


def _closed(schema: Any) -> Any:
    """The schema, with no properties but those it knows: the API server would drop others without a word."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    is_object = isinstance(schema.get("properties"), dict) and schema.get("type") == "object"
    return closed | ({"additionalProperties": False} if is_object else {})
