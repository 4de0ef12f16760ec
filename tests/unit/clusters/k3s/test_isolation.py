"""What a stand's account may do, and whom its pods may talk to, as documents."""

from typing import Any

import pytest

from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL
from clusters.k3s.capacity import StandNeed
from clusters.k3s.inventory import TelemetrySpec
from clusters.k3s.isolation import RULES, isolation_documents, namespace_document

NEED = StandNeed(cpu_millicores=2500.0, memory_bytes=2.0**30, pods=20, reserved_bytes=2.0**29)


def documents(**telemetry: Any) -> dict[tuple[str, str], dict[str, Any]]:
    spec = TelemetrySpec(**{"prometheus_url": "http://p", "otlp_endpoint": "http://gateway.telemetry:4318"} | telemetry)
    made = isolation_documents(
        "gym-shop-1", need=NEED, telemetry=spec, pod_ranges=("10.42.0.0/16",), server_addresses=("10.42.0.1",)
    )
    return {(document["kind"], document["metadata"]["name"]): document for document in made}


def test_everything_is_in_the_namespace_and_bound_to_its_own_account() -> None:
    made = documents()
    assert {document["metadata"]["namespace"] for document in made.values()} == {"gym-shop-1"}
    binding = made["RoleBinding", "stand-controller"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "stand-controller", "namespace": "gym-shop-1"}]
    assert binding["roleRef"]["kind"] == "Role"
    assert made["ServiceAccount", "default"]["automountServiceAccountToken"] is False
    assert made["ResourceQuota", "stand"]["spec"]["hard"] == {
        "limits.cpu": "2500m",
        "limits.memory": str(2**30),
        "pods": "20",
    }


def test_no_right_is_a_wildcard_and_none_leads_to_others() -> None:
    resources = {resource for _, names, _ in RULES for resource in names}
    verbs = {verb for _, _, given in RULES for verb in given}
    assert "*" not in resources | verbs
    # Any of these would let a stand raise its own rights, or run what nobody looked at.
    assert not resources & {
        "secrets", "serviceaccounts", "serviceaccounts/token", "roles", "rolebindings", "pods/exec", "pods/attach",
        "namespaces", "networkpolicies", "leases",
    }  # fmt: skip
    assert not verbs & {"escalate", "bind", "impersonate", "deletecollection"}
    written = {r for _, names, given in RULES for r in names if {"create", "update", "patch", "delete"} & set(given)}
    assert not written & {"resourcequotas", "limitranges", "events"}


def peers(rules: list[dict[str, Any]], key: str) -> list[Any]:
    return [peer for rule in rules for peer in rule[key]]


def test_pods_reach_dns_telemetry_and_each_other_only() -> None:
    policy = documents()["NetworkPolicy", "stand"]["spec"]
    assert policy["podSelector"] == {}
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    names = [
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for peer in peers(policy["egress"], "to")
        if "namespaceSelector" in peer
    ]
    assert names == ["kube-system", "chaos-mesh", "telemetry"]
    assert {"podSelector": {}} in peers(policy["egress"], "to")
    assert len(peers(policy["egress"], "to")) == 4
    outside = [rule for rule in policy["ingress"] if {"podSelector": {}} not in rule["from"]]
    assert [port["port"] for rule in outside for port in rule["ports"]] == [8089, 4000, 8090]
    assert peers(outside, "from") == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.42.0.0/16"]}},
        {"ipBlock": {"cidr": "10.42.0.1/32"}},
    ]


@pytest.mark.parametrize(
    ("endpoint", "cidr", "port"),
    [("http://10.1.2.3:4319", "10.1.2.3/32", 4319), ("http://gateway.example", "0.0.0.0/0", 4318)],
)
def test_a_gateway_outside_the_cluster_is_one_port(endpoint: str, cidr: str, port: int) -> None:
    egress = documents(otlp_endpoint=endpoint, namespace="")["NetworkPolicy", "stand"]["spec"]["egress"]
    assert {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": port}]} in egress


def test_a_namespace_says_whose_it_is_and_lets_chaos_in() -> None:
    metadata = namespace_document("gym-shop-1", application="shop", leases="gym-leases")["metadata"]
    assert metadata["labels"][MANAGED_LABEL] == "true"
    assert metadata["labels"][STAND_LABEL] == "gym-shop-1"
    assert metadata["annotations"] == {"chaos-mesh.org/inject": "enabled"}
