"""What keeps a stand to itself: its namespace, its bounds, the network it may use, and who may do what in it.

Plain documents, in the order in which they are applied. The account `STAND_ACCOUNT` gets exactly what commands, faults,
resets and reading need in its own namespace, and no word about any other.
"""

from collections.abc import Mapping, Sequence

from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL
from clusters.k3s.capacity import StandNeed
from clusters.k3s.inventory import TelemetrySpec
from clusters.k3s.kinds import (
    CHAOS_KINDS,
    LIMIT_RANGE,
    NAMESPACE,
    NETWORK_POLICY,
    RESOURCE_QUOTA,
    ROLE,
    ROLE_BINDING,
    SERVICE_ACCOUNT,
    Document,
    Kind,
)
from clusters.k3s.network_peers import egress_rules, ingress_rules

APPLICATION_LABEL = "otel-control-gym.io/application"
"""On namespaces and leases: the application that runs there, or is to run."""
LEASES_LABEL = "otel-control-gym.io/leases"
"""On namespaces: the namespace that holds its lease. Stands of another inventory have another one."""
STAND_ACCOUNT = "stand-controller"
"""Whose token a stand's actor works with. Not the pods' account: theirs is `default`, and has no token."""

_READ = ("get", "list", "watch")
_WRITE = (*_READ, "create", "update", "patch", "delete")
_PROXY = ("get", "create", "update", "patch", "delete")
"""A proxied request is `get` for GET, `create` for POST, `update` for PUT, and so on."""
RULES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("apps", ("deployments",), _WRITE),
    ("apps", ("deployments/scale",), ("get", "update", "patch")),
    ("apps", ("replicasets",), _READ),
    ("autoscaling", ("horizontalpodautoscalers",), _WRITE),
    ("", ("services", "configmaps"), _WRITE),
    ("", ("services/proxy",), _PROXY),
    ("", ("pods",), (*_READ, "delete", "patch")),
    ("", ("pods/log",), ("get",)),
    ("", ("pods/proxy",), ("create",)),
    ("", ("events", "resourcequotas", "limitranges"), _READ),
    ("chaos-mesh.org", tuple(kind.plural for kind in CHAOS_KINDS), _WRITE),
)
"""(API group, resources, verbs) of a stand's account. Chaos Mesh asks for `create` on its kinds before it selects."""


def namespace_document(name: str, *, application: str, leases: str) -> Document:
    """The stand's namespace; its annotation lets Chaos Mesh act in it where that is filtered."""
    labels = {MANAGED_LABEL: "true", STAND_LABEL: name, APPLICATION_LABEL: application, LEASES_LABEL: leases}
    return {
        "apiVersion": NAMESPACE.api_version,
        "kind": NAMESPACE.name,
        "metadata": {"name": name, "labels": labels, "annotations": {"chaos-mesh.org/inject": "enabled"}},
    }


def isolation_documents(
    name: str, *, need: StandNeed, telemetry: TelemetrySpec, pod_ranges: Sequence[str], server_addresses: Sequence[str]
) -> tuple[Document, ...]:
    """Everything in the namespace `name` that keeps it to itself, in order."""
    quota = {
        "limits.cpu": f"{round(need.cpu_millicores)}m",
        "limits.memory": str(round(need.memory_bytes)),
        "pods": str(need.pods),
    }
    account = {"kind": "ServiceAccount", "name": STAND_ACCOUNT, "namespace": name}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": STAND_ACCOUNT}
    rules = [{"apiGroups": [group], "resources": list(names), "verbs": list(verbs)} for group, names, verbs in RULES]
    return (
        _document(RESOURCE_QUOTA, "stand", name, {"spec": {"hard": quota}}),
        _document(LIMIT_RANGE, "stand", name, {"spec": {"limits": [_CONTAINER_DEFAULTS]}}),
        _document(
            NETWORK_POLICY,
            "stand",
            name,
            {
                "spec": {
                    "podSelector": {},
                    "policyTypes": ["Ingress", "Egress"],
                    "ingress": ingress_rules(pod_ranges, server_addresses),
                    "egress": egress_rules(telemetry),
                }
            },
        ),
        _document(SERVICE_ACCOUNT, "default", name, {"automountServiceAccountToken": False}),
        _document(ROLE, STAND_ACCOUNT, name, {"rules": rules}),
        _document(ROLE_BINDING, STAND_ACCOUNT, name, {"subjects": [account], "roleRef": role}),
    )


def account_document(namespace: str) -> Document:
    """The account whose tokens a stand's actor works with."""
    return _document(SERVICE_ACCOUNT, STAND_ACCOUNT, namespace, {"automountServiceAccountToken": False})


_CONTAINER_DEFAULTS = {
    "type": "Container",
    "default": {"cpu": "1", "memory": "256Mi"},
    "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
}
"""For containers that name none (init containers): a quota on limits refuses pods without them."""


def _document(kind: Kind, name: str, namespace: str, rest: Mapping[str, object]) -> Document:
    return {
        "apiVersion": kind.api_version,
        "kind": kind.name,
        "metadata": {"name": name, "namespace": namespace},
        **rest,
    }
