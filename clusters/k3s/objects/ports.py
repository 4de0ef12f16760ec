"""Ports of a service's pods and of the Service before them, called as the demo's chart calls them."""

from clusters.k3s.kinds import Document
from clusters.k3s.objects.names import object_labels, pod_labels, selector
from clusters.kubernetes_part import NamedPort
from clusters.synthetic.plan import FLAG_FILE_PORT, OFREP_PORT
from clusters.topology import Application, Service, ServiceKind


def container_ports(service: Service) -> tuple[NamedPort, ...]:
    """Ports of the service's own container."""
    if service.kubernetes is not None and service.kubernetes.ports:
        return service.kubernetes.ports
    if service.port is None:
        return ()
    if service.kind is ServiceKind.FLAGS:
        return NamedPort(name="rpc", port=service.port), NamedPort(name="ofrep", port=OFREP_PORT)
    return (NamedPort(name="service", port=service.port),)


def sidecar_ports(service: Service) -> tuple[NamedPort, ...]:
    """Ports beyond those of the service's own container, which the Service has too."""
    if service.kubernetes is not None and service.kubernetes.sidecars:
        ports = enumerate(sidecar.port for sidecar in service.kubernetes.sidecars)
        return tuple(NamedPort(name=f"tcp-service-{index}", port=port) for index, port in ports)
    if service.kind is ServiceKind.FLAGS:
        return (NamedPort(name="tcp-service-0", port=FLAG_FILE_PORT),)
    return ()


def service_ports(service: Service) -> tuple[NamedPort, ...]:
    """Ports of the Service."""
    own = tuple(
        NamedPort(name="tcp-service" if port.name == "service" else port.name, port=port.port)
        for port in container_ports(service)
    )
    return own + sidecar_ports(service)


def service_object(application: Application, service: Service, namespace: str) -> Document:
    """The Service; only for services that have a port."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": service.name,
            "namespace": namespace,
            "labels": object_labels(application, pod_labels(application, service.name, namespace)),
        },
        "spec": {
            "type": "ClusterIP",
            "ports": [
                {"name": port.name, "port": port.port, "targetPort": port.port, "protocol": "TCP"}
                for port in service_ports(service)
            ],
            "selector": selector(service.name),
        },
    }
