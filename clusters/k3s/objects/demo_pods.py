"""Pods of the demo's own images: what the application's YAML has of the upstream chart, and probes and limits."""

from collections.abc import Sequence

from clusters.k3s.inventory import ClusterSpec, ImageKind
from clusters.k3s.kinds import Document
from clusters.k3s.objects.environment import collector_host, identity_variables, variable, written_variables
from clusters.k3s.objects.names import FLAG_CONFIG_MAP, FLAG_FILE
from clusters.k3s.objects.ports import container_ports
from clusters.k3s.objects.resources import HELPER_LIMITS, quantities, resources
from clusters.kubernetes_part import KubernetesPart, ReadinessProbe, Sidecar
from clusters.stand import StandError
from clusters.topology import Application, Service, ServiceKind

_BUSYBOX = "busybox:1.37"
_HELPER_RESOURCES = {"requests": quantities(5, 8 * 2**20), "limits": quantities(*HELPER_LIMITS)}
_PERIOD_SECONDS = 2
_TIMEOUT_SECONDS = 3
_FLAG_FOLDER = {"flagd": "/etc/flagd", "flagd-ui": "/app/data"}
"""Where the containers of the flag server's pod share the file of flags: one reads, the other writes it."""


def demo_part(service: Service) -> KubernetesPart:
    """The service's Kubernetes part.

    Raises:
        StandError: the application describes none.
    """
    if service.kubernetes is None:
        raise StandError(
            f"service {service.name!r} has no `kubernetes` part in its application's YAML, so there is no image of the "
            "demo for it; add one, or set images.kind to synthetic in the inventory"
        )
    return service.kubernetes


def demo_pod(application: Application, service: Service, *, namespace: str, cluster: ClusterSpec) -> Document:
    """The pod's `spec` without what every pod has.

    Raises:
        StandError: the application describes no image for it, or its telemetry has no address that it can take.
    """
    part = demo_part(service)
    common = _common_variables(application, service, namespace, cluster) if part.reports_telemetry else []
    own = _container(service.name, part.image, part, cluster) | {
        "ports": [{"name": p.name, "containerPort": p.port, "protocol": "TCP"} for p in container_ports(service)],
        "env": [*common, *written_variables(part.environment)],
        "resources": resources(service, ImageKind.DEMO),
    }
    if part.probe is not ReadinessProbe.BROKER:
        own["readinessProbe"] = _probe(part.probe, container_ports(service)[0].port)
    containers = [own, *(_sidecar(sidecar, common, cluster) for sidecar in part.sidecars)]
    if part.probe is ReadinessProbe.BROKER:
        containers.append(_broker_watcher(application, cluster))
    pod = {"containers": containers, "initContainers": [_waiter(address, cluster) for address in part.waits_for]}
    _mount_files(pod, part)
    if service.kind is ServiceKind.FLAGS:
        _share_flags(pod, cluster)
    return {key: value for key, value in pod.items() if value}


def _common_variables(
    application: Application, service: Service, namespace: str, cluster: ClusterSpec
) -> list[Document]:
    return [
        *identity_variables(service.name, namespace, version=application.version),
        variable("OTEL_COLLECTOR_NAME", collector_host(cluster)),
        variable("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative"),
    ]


def _container(name: str, image: str, part: KubernetesPart, cluster: ClusterSpec) -> Document:
    container: Document = {"name": name, "image": image, "imagePullPolicy": cluster.images.pull_policy}
    if part.command:
        container["command"] = list(part.command)
    if part.user is not None:
        group = {} if part.group is None else {"runAsGroup": part.group}
        container["securityContext"] = {"runAsNonRoot": True, "runAsUser": part.user, **group}
    return container


def _probe(probe: ReadinessProbe, port: int) -> Document:
    question = {"grpc": {"port": port}} if probe is ReadinessProbe.GRPC else {"tcpSocket": {"port": port}}
    return {**question, "periodSeconds": _PERIOD_SECONDS, "timeoutSeconds": _TIMEOUT_SECONDS, "failureThreshold": 3}


def _sidecar(sidecar: Sidecar, common: Sequence[Document], cluster: ClusterSpec) -> Document:
    amounts = quantities(sidecar.cpu_limit_millicores, sidecar.memory_limit_bytes)
    return {
        "name": sidecar.name,
        "image": sidecar.image,
        "imagePullPolicy": cluster.images.pull_policy,
        "ports": [{"name": "service", "containerPort": sidecar.port, "protocol": "TCP"}],
        "env": [*common, *written_variables(sidecar.environment)],
        "resources": {"requests": amounts, "limits": amounts},
        "readinessProbe": _probe(ReadinessProbe.TCP, sidecar.port),
    }


def _helper(name: str, script: str, cluster: ClusterSpec) -> Document:
    return {
        "name": name,
        "image": _BUSYBOX,
        "imagePullPolicy": cluster.images.pull_policy,
        "command": ["sh", "-c", script],
        "resources": _HELPER_RESOURCES,
    }


def _waiter(address: str, cluster: ClusterSpec) -> Document:
    host, _, port = address.partition(":")
    script = f"until nc -z -v -w30 {host} {port}; do echo waiting for {host}; sleep 2; done;"
    return _helper(f"wait-for-{host}", script, cluster)


def _broker_watcher(application: Application, cluster: ClusterSpec) -> Document:
    """A container that is ready while the pod holds a connection to its broker; it shares the pod's network.

    A consumer has no port to ask, and its image perhaps no shell to look from.
    """
    broker = next(service for service in application.services if service.kind is ServiceKind.QUEUE)
    established = f":{broker.port:04X} 01"  # remote port and state, as /proc/net/tcp has them
    return _helper("readiness", "trap exit TERM; while :; do sleep 60 & wait; done", cluster) | {
        "readinessProbe": {
            "exec": {"command": ["grep", "-q", established, "/proc/net/tcp", "/proc/net/tcp6"]},
            "periodSeconds": _PERIOD_SECONDS,
            "timeoutSeconds": _TIMEOUT_SECONDS,
            "failureThreshold": 3,
        }
    }


def _mount_files(pod: Document, part: KubernetesPart) -> None:
    for file in part.files:
        name = file.config_map
        mount = {"name": name, "mountPath": file.path, "subPath": file.source, "readOnly": True}
        pod["containers"][0].setdefault("volumeMounts", []).append(mount)
        if all(volume["name"] != name for volume in pod.setdefault("volumes", [])):
            pod["volumes"].append({"name": name, "configMap": {"name": name}})


def _share_flags(pod: Document, cluster: ClusterSpec) -> None:
    """The server reads its flags from a file that its user interface writes, so they need a copy of their own."""
    script = f"cp /config-ro/{FLAG_FILE} /config-rw/{FLAG_FILE} && cat /config-rw/{FLAG_FILE}"
    mounts = [{"name": "config-ro", "mountPath": "/config-ro"}, {"name": "config-rw", "mountPath": "/config-rw"}]
    pod["initContainers"].append(_helper("init-config", script, cluster) | {"volumeMounts": mounts})
    for container in pod["containers"]:
        path = _FLAG_FOLDER.get(container["name"], _FLAG_FOLDER["flagd"])
        container.setdefault("volumeMounts", []).append({"name": "config-rw", "mountPath": path})
    volumes = pod.setdefault("volumes", [])
    volumes += [{"name": "config-rw", "emptyDir": {}}, {"name": "config-ro", "configMap": {"name": FLAG_CONFIG_MAP}}]
