"""Whom a stand's pods may talk to, as rules of a NetworkPolicy.

Out: DNS, the telemetry gateway, Chaos Mesh's DNS server, and each other. In: each other, and the API server where it
carries requests to the load generator, to the flag server and to synthetic pods.
"""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from clusters.k3s.api import KubeApi
from clusters.k3s.inventory import TelemetrySpec
from clusters.k3s.kinds import NODE, Document
from clusters.synthetic.plan import FLAG_FILE_PORT, HEALTH_PORT

CHAOS_NAMESPACE = "chaos-mesh"
"""Where Chaos Mesh's own installation guide puts it."""
_NAME_LABEL = "kubernetes.io/metadata.name"
"""Kubernetes writes it on every namespace."""
_DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
_PROXIED_PORTS = [{"protocol": "TCP", "port": port} for port in (8089, FLAG_FILE_PORT, HEALTH_PORT)]
"""Of the load generator, of the flag server, and of every synthetic pod's own state."""
_GATEWAY_PORTS = (4317, 4318)
_SAME_NAMESPACE: Document = {"podSelector": {}}


def egress_rules(telemetry: TelemetrySpec) -> list[Document]:
    """Where a stand's pods may connect to."""
    port = urlsplit(telemetry.otlp_endpoint).port
    ports = sorted({port, *_GATEWAY_PORTS} if port and telemetry.namespace else {port or 4318})
    return [
        {"to": [_SAME_NAMESPACE]},
        {"to": [_namespace("kube-system")], "ports": _DNS_PORTS},
        {"to": [_namespace(CHAOS_NAMESPACE)], "ports": _DNS_PORTS},
        {"to": [_gateway(telemetry)], "ports": [{"protocol": "TCP", "port": number} for number in ports]},
    ]


def ingress_rules(pod_ranges: Sequence[str], server_addresses: Sequence[str]) -> list[Document]:
    """From where a stand's pods may be reached: any address that is no pod's may be the API server's."""
    blocks = [{"ipBlock": {"cidr": "0.0.0.0/0", "except": list(pod_ranges)}}] if pod_ranges else []
    blocks += [{"ipBlock": {"cidr": f"{address}/32"}} for address in server_addresses]
    return [{"from": [_SAME_NAMESPACE]}, *([{"from": blocks, "ports": _PROXIED_PORTS}] if blocks else [])]


def pod_ranges(api: KubeApi) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(ranges of all pods' addresses, addresses in them that belong to the nodes of the API server).

    In k3s a request of the API server to a pod on another node comes from its own end of the overlay network, which is
    the first or second address of its node's range.
    """
    ranges: list[ipaddress.IPv4Network] = []
    servers: list[str] = []
    for node in api.list(NODE):
        for text in node["spec"].get("podCIDRs") or []:
            network = ipaddress.ip_network(text)
            if not isinstance(network, ipaddress.IPv4Network):
                continue
            ranges.append(network)
            if "node-role.kubernetes.io/control-plane" in (node["metadata"].get("labels") or {}):
                servers += [str(network[0]), str(network[1])]
    return tuple(str(network) for network in ipaddress.collapse_addresses(ranges)), tuple(servers)


def _gateway(telemetry: TelemetrySpec) -> Document:
    if telemetry.namespace:
        return _namespace(telemetry.namespace)
    host = urlsplit(telemetry.otlp_endpoint).hostname or ""
    try:
        return {"ipBlock": {"cidr": f"{ipaddress.IPv4Address(host)}/32"}}
    except ValueError:
        # A policy knows addresses and no names; neighbours' own policies still refuse what comes from here.
        return {"ipBlock": {"cidr": "0.0.0.0/0"}}


def _namespace(name: str) -> Document:
    return {"namespaceSelector": {"matchLabels": {_NAME_LABEL: name}}}
