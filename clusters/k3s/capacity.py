"""How much a stand may use: its application's quota, and the room that Kubernetes needs beside it."""

from dataclasses import dataclass

from kubernetes.utils.quantity import parse_quantity

from clusters.k3s.api import KubeApi
from clusters.k3s.inventory import ClusterSpec, ImageKind
from clusters.k3s.kinds import NODE
from clusters.topology import LOAD_GENERATOR, Application

_SURGE_PODS = 2
"""Pods beside the wanted ones while a deployment rolls, or a terminated one has not gone yet."""
_RUNTIME_BYTES = 96 * 2.0**20
"""By which a synthetic pod's memory limit may exceed its service's: Python, gRPC and the OpenTelemetry SDK."""


@dataclass(frozen=True, kw_only=True)
class StandNeed:
    """Bounds of a stand's namespace: sums of the limits of all its pods."""

    cpu_millicores: float
    memory_bytes: float
    pods: int
    baseline_bytes: float
    """Sum of the memory limits of the pods it starts with: what a cluster must have room for."""


def stand_need(application: Application, images: ImageKind) -> StandNeed:
    """What a namespace for `application` must allow.

    The quota of the application counts neither the load generator, nor pods that are being replaced, nor the runtime
    of synthetic images; the namespace's counts all pods, hence the room.
    """
    generator = application.service(LOAD_GENERATOR)
    services = [service for service in application.services if service is not generator]
    runtime = _RUNTIME_BYTES if images is ImageKind.SYNTHETIC else 0.0
    most = sum(service.max_replicas for service in services)
    cpu = application.cpu_quota_millicores
    cpu = sum(s.max_replicas * s.cpu_limit_millicores for s in services) if cpu is None else cpu
    memory = application.memory_quota_bytes
    memory = sum(s.max_replicas * s.memory_limit_bytes for s in services) if memory is None else memory
    surge = max(services, key=lambda service: service.memory_limit_bytes)
    return StandNeed(
        cpu_millicores=cpu
        + generator.cpu_limit_millicores
        + _SURGE_PODS * max(s.cpu_limit_millicores for s in services),
        memory_bytes=memory
        + generator.memory_limit_bytes
        + _SURGE_PODS * surge.memory_limit_bytes
        + (most + 1 + _SURGE_PODS) * runtime,
        pods=most + 1 + _SURGE_PODS,
        baseline_bytes=sum(s.replicas * (s.memory_limit_bytes + runtime) for s in application.services),
    )


def cluster_memory_bytes(api: KubeApi, cluster: ClusterSpec) -> float:
    """What all stands of the cluster may use together: as the inventory says, else what its nodes can allocate.

    Raises:
        KubeError: the nodes cannot be listed.
    """
    if cluster.memory_bytes is not None:
        return cluster.memory_bytes
    nodes = [node for node in api.list(NODE) if not node["spec"].get("unschedulable")]
    return float(sum(quantity(node["status"]["allocatable"]["memory"]) for node in nodes))


def quantity(text: str) -> float:
    """A Kubernetes quantity (`1500m`, `2Gi`, `64M`) as a number."""
    return float(parse_quantity(text))
