"""How much of its application's quota a live stand uses: the limits of all replicas wanted, in its own terms."""

import json
import math

from clusters.command_checks import quotas as arithmetic
from clusters.command_checks.quotas import bounds_refusal
from clusters.command_checks.refusal import Refusal
from clusters.command_checks.values import RESOURCE_FIELDS
from clusters.k3s.capacity import quantity
from clusters.k3s.kinds import Document
from clusters.k3s.marks import RESOURCES
from clusters.k3s.objects.resources import application_memory_bytes, resources
from clusters.k3s.rules.deployments import annotations_of, container_of
from clusters.k3s.rules.view import StandView
from clusters.topology import ServiceKind


def present_resources(view: StandView, service: str) -> dict[str, float]:
    """Requests and limits of a replica, by the names of the command's fields.

    A pod may reserve less than the application says (`clusters.k3s.objects.resources`), so what was asked for is noted
    beside it; a note that the pods do not bear out counts for nothing.
    """
    deployment, known = view.deployment(service), view.service(service)
    noted = json.loads(annotations_of(deployment).get(RESOURCES, "{}"))
    named = {field: noted.get(field, getattr(known, field)) for field in RESOURCE_FIELDS}
    for request, limit in zip(RESOURCE_FIELDS[1::2], RESOURCE_FIELDS[::2], strict=True):
        named[request] = named[limit] if named[request] is None else named[request]
    actual = container_of(deployment["spec"]["template"], service)["resources"]
    if _amounts(actual) == _amounts(pod_resources(view, service, named)):
        return named
    cpu, memory = _amounts(actual)["limits"]
    memory = application_memory_bytes(memory, view.context.cluster.images.kind)
    return {
        "cpu_limit_millicores": cpu,
        "cpu_request_millicores": min(known.cpu_request_millicores or cpu, cpu),
        "memory_limit_bytes": memory,
        "memory_request_bytes": min(known.memory_request_bytes or memory, memory),
    }


def pod_resources(view: StandView, service: str, wanted: dict[str, float]) -> Document:
    """The container's `resources` for what is wanted in the application's terms."""
    return resources(
        view.service(service),
        view.context.cluster.images.kind,
        cpu_millicores=wanted["cpu_limit_millicores"],
        memory_bytes=wanted["memory_limit_bytes"],
        cpu_request_millicores=wanted["cpu_request_millicores"],
        memory_request_bytes=wanted["memory_request_bytes"],
    )


def pod_cpu_request(view: StandView, service: str) -> float:
    """Millicores that a pod reserves, which may be less than the application's request."""
    container = container_of(view.deployment(service)["spec"]["template"], service)
    return _amounts(container["resources"])["requests"][0]


def replicas_refusal(view: StandView, service: str, replicas: int) -> Refusal | None:
    """Why a service cannot have so many replicas; None if it can."""
    if refusal := bounds_refusal(view.service(service), replicas):
        return refusal
    return added_replicas_refusal(view, {service: replicas - view.wanted_replicas(service)})


def added_replicas_refusal(view: StandView, added: dict[str, int]) -> Refusal | None:
    """Why the namespace has no room for so many replicas more of some services; None if it has."""
    limits = {service: present_resources(view, service) for service, count in added.items() if count > 0}
    return namespace_refusal(
        view,
        added_millicores=sum(added[service] * limit["cpu_limit_millicores"] for service, limit in limits.items()),
        added_bytes=sum(added[service] * limit["memory_limit_bytes"] for service, limit in limits.items()),
    )


def namespace_refusal(view: StandView, *, added_millicores: float, added_bytes: float) -> Refusal | None:
    """Why the namespace cannot grow by so much; None if it can."""
    cpu, memory = 0.0, 0.0
    for service in view.application.services:
        if service.kind is not ServiceKind.LOAD_GENERATOR:
            limits, replicas = present_resources(view, service.name), _counted_replicas(view, service.name)
            cpu += replicas * limits["cpu_limit_millicores"]
            memory += replicas * limits["memory_limit_bytes"]
    return arithmetic.namespace_refusal(
        view.application,
        used_millicores=cpu,
        used_bytes=memory,
        added_millicores=added_millicores,
        added_bytes=added_bytes,
    )


def is_same(present: float, wanted: float) -> bool:
    """Whether two amounts are one to Kubernetes, which keeps whole millicores and bytes."""
    return math.isclose(present, wanted, rel_tol=1e-6)


def _counted_replicas(view: StandView, service: str) -> int:
    canary = view.canary(service)
    return view.wanted_replicas(service) + (int(canary["spec"]["replicas"]) if canary else 0)


def _amounts(resources: Document) -> dict[str, tuple[float, float]]:
    """(millicores, bytes) of the requests and of the limits."""
    return {
        part: (1000.0 * quantity(amounts["cpu"]), quantity(amounts["memory"]))
        for part, amounts in resources.items()
        if part in ("requests", "limits")
    }
