"""Environment of containers: whose telemetry it is and where it goes, the same for both kinds of images."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.kinds import Document
from clusters.stand import StandError

_DEMO_OTLP_PORTS = (4317, 4318)


def variable(name: str, value: str) -> Document:
    """An environment variable."""
    return {"name": name, "value": value}


def field_variable(name: str, path: str) -> Document:
    """An environment variable with a field of the pod."""
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def written_variables(assignments: Iterable[str]) -> list[Document]:
    """Variables from `NAME=value`."""
    pairs = (assignment.partition("=") for assignment in assignments)
    return [variable(name, value) for name, _, value in pairs]


def identity_variables(service: str, namespace: str, *, version: str) -> list[Document]:
    """Whose telemetry it is: service, stand, deployment and pod, as resource attributes of everything it reports."""
    attributes = {
        **({"service.version": version} if version else {}),
        "service.instance.id": "$(POD_NAME)",
        "deployment.environment.name": namespace,
        "k8s.namespace.name": namespace,
        "k8s.deployment.name": service,
        "k8s.pod.name": "$(POD_NAME)",
    }
    return [
        field_variable("OTEL_SERVICE_NAME", "metadata.labels['app.kubernetes.io/component']"),
        field_variable("POD_NAME", "metadata.name"),
        variable("OTEL_RESOURCE_ATTRIBUTES", ",".join(f"{key}={value}" for key, value in attributes.items())),
    ]


def collector_host(cluster: ClusterSpec) -> str:
    """Host of the telemetry plane, which the demo's images complete with OTLP's own ports.

    Raises:
        StandError: the inventory's endpoint has another port, which these images cannot be told.
    """
    parts = urlsplit(cluster.telemetry.otlp_endpoint)
    if not parts.hostname or (parts.port or 80) not in _DEMO_OTLP_PORTS:
        raise StandError(
            f"cluster {cluster.name}: the demo's images send telemetry to ports 4317 and 4318 of one host, but "
            f"telemetry.otlp_endpoint is {cluster.telemetry.otlp_endpoint!r}; write http://HOST:4318"
        )
    return parts.hostname
