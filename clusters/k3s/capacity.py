"""How much a stand may use: its application's quota, and the room that Kubernetes needs beside it."""

from dataclasses import dataclass

from kubernetes.utils.quantity import parse_quantity

from clusters.k3s.api import KubeApi
from clusters.k3s.inventory import ClusterSpec, ImageKind
from clusters.k3s.kinds import NODE
from clusters.k3s.objects.resources import pod_limits, resources
from clusters.topology import LOAD_GENERATOR, Application


@dataclass(frozen=True, kw_only=True)
class StandNeed:
    """What a stand's namespace allows at most, and what a cluster must have left for it."""

    cpu_millicores: float
    """Sum of the CPU limits of all its pods."""
    memory_bytes: float
    """The same of memory."""
    pods: int
    reserved_bytes: float
    """Sum of the memory requests of the pods that it starts with: the scheduler must find as much."""


def stand_need(application: Application, kind: ImageKind) -> StandNeed:
    """What a namespace for `application` must allow.

    The application's quota counts the services' own limits. The namespace's counts all of every pod: hence room for
    the load generator, for what images add to a service (a runtime, sidecars), and for one pod more of every service,
    because a rollout starts the new one first.
    """
    generator = application.service(LOAD_GENERATOR)
    services = [service for service in application.services if service is not generator]
    cpu, memory = application.cpu_quota_millicores, application.memory_quota_bytes
    if cpu is None:
        cpu = sum(service.max_replicas * service.cpu_limit_millicores for service in services)
    if memory is None:
        memory = sum(service.max_replicas * service.memory_limit_bytes for service in services)
    for service in application.services:
        pod_cpu, pod_memory = pod_limits(service, kind)
        is_counted = service is not generator
        cpu += pod_cpu + (service.max_replicas * (pod_cpu - service.cpu_limit_millicores) if is_counted else pod_cpu)
        extra = pod_memory - service.memory_limit_bytes
        memory += pod_memory + (service.max_replicas * extra if is_counted else pod_memory)
    return StandNeed(
        cpu_millicores=cpu,
        memory_bytes=memory,
        pods=sum(service.max_replicas + 1 for service in application.services),
        reserved_bytes=sum(
            service.replicas * quantity(resources(service, kind)["requests"]["memory"])
            for service in application.services
        ),
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
