"""Requests and limits of containers, from the service's own: what a pod reserves, and what it may use at most."""

from clusters.k3s.inventory import ImageKind
from clusters.k3s.kinds import Document
from clusters.kubernetes_part import ReadinessProbe
from clusters.synthetic.plan import RUNTIME_MEMORY_BYTES
from clusters.topology import Service, ServiceKind

_RESERVED_MEMORY_BYTES = 64 * 2**20
"""That a synthetic pod reserves at most: what it holds at rest, whatever the service's limit."""
RESERVED_CPU_RATIO = 0.05
"""Share of a service's CPU request (without one: of its limit) that a synthetic pod reserves. Synthetic stands are for
small machines, which several share: with a request equal to the limit one stand would fill six cores. The limit, which
throttles, is the service's."""
_LEAST_CPU_MILLICORES = 5.0
HELPER_LIMITS = (100.0, 16.0 * 2**20)
"""(millicores, bytes) of a container that waits, copies or looks, beside the service's own."""
_BINARY_UNITS = (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))


def pod_kind(service: Service, kind: ImageKind) -> ImageKind:
    """Which image plays a service on a stand of this kind: the load generator is ours everywhere.

    The demo's has no way to change rates while it runs, and does not report journeys.
    """
    return ImageKind.SYNTHETIC if service.kind is ServiceKind.LOAD_GENERATOR else kind


def memory_limit_bytes(service: Service, kind: ImageKind, *, limit_bytes: float | None = None) -> float:
    """Memory limit of the service's own container, for the limit that the application knows (None: the baseline's).

    A synthetic pod holds Python besides what the service holds, where services of the demo have limits of 20 MiB.
    """
    known = service.memory_limit_bytes if limit_bytes is None else limit_bytes
    return known + (RUNTIME_MEMORY_BYTES if kind is ImageKind.SYNTHETIC else 0)


def application_memory_bytes(container_bytes: float, kind: ImageKind) -> float:
    """The inverse of `memory_limit_bytes`: a container's limit as the application knows it."""
    return container_bytes - (RUNTIME_MEMORY_BYTES if kind is ImageKind.SYNTHETIC else 0)


def resources(
    service: Service,
    kind: ImageKind,
    *,
    cpu_millicores: float | None = None,
    memory_bytes: float | None = None,
    cpu_request_millicores: float | None = None,
    memory_request_bytes: float | None = None,
) -> Document:
    """`resources` of the service's own container; the arguments are in the application's terms, None: as it has them.

    A request above the limit, which a changed limit may bring about, is lowered to it.
    """
    cpu = service.cpu_limit_millicores if cpu_millicores is None else cpu_millicores
    memory = service.memory_limit_bytes if memory_bytes is None else memory_bytes
    cpu_request = cpu_request_millicores or service.cpu_request_millicores or cpu
    memory_request = memory_request_bytes or service.memory_request_bytes or memory
    limit_bytes = memory_limit_bytes(service, kind, limit_bytes=memory)
    if kind is ImageKind.SYNTHETIC:
        cpu_request = max(cpu_request * RESERVED_CPU_RATIO, _LEAST_CPU_MILLICORES)
        memory_request = min(memory_request + RUNTIME_MEMORY_BYTES, _RESERVED_MEMORY_BYTES)
    return {
        "requests": quantities(min(cpu_request, cpu), min(memory_request, limit_bytes)),
        "limits": quantities(cpu, limit_bytes),
    }


def quantities(cpu_millicores: float, memory_bytes: float) -> dict[str, str]:
    """CPU and memory as Kubernetes writes them; whole mebibytes and whole cores in its own short form."""
    millicores, num_bytes = round(cpu_millicores), round(memory_bytes)
    unit, size = next(((name, size) for name, size in _BINARY_UNITS if num_bytes % size == 0), ("", 1))
    return {
        "cpu": f"{millicores}m" if millicores % 1000 else str(millicores // 1000),
        "memory": f"{num_bytes // size}{unit}",
    }


def pod_limits(service: Service, kind: ImageKind) -> tuple[float, float]:
    """(millicores, bytes) that one pod counts against a quota of limits, sidecars included, on a stand of this kind."""
    kind = pod_kind(service, kind)
    limits = [(service.cpu_limit_millicores, memory_limit_bytes(service, kind))]
    if service.kubernetes is not None and kind is ImageKind.DEMO:
        sidecars = service.kubernetes.sidecars
        limits += [(sidecar.cpu_limit_millicores, sidecar.memory_limit_bytes) for sidecar in sidecars]
        limits += [HELPER_LIMITS] if service.kubernetes.probe is ReadinessProbe.BROKER else []
    return sum(cpu for cpu, _ in limits), sum(memory for _, memory in limits)


def keeps_state(service: Service) -> bool:
    """Whether its pods hold what outlives a request, so that only new ones are as at the baseline."""
    return service.kind in (ServiceKind.CACHE, ServiceKind.QUEUE, ServiceKind.DATABASE)
