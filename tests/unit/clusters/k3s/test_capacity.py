"""A namespace's bounds leave room for what really runs in it."""

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.k3s.capacity import quantity, stand_need
from clusters.k3s.inventory import ImageKind
from clusters.k3s.objects.resources import pod_limits
from clusters.topology import LOAD_GENERATOR


@pytest.mark.parametrize("kind", ImageKind)
@pytest.mark.parametrize("name", APPLICATIONS)
def test_the_whole_quota_can_be_used_while_every_service_rolls(name: str, kind: ImageKind) -> None:
    application, need = load_application(name), stand_need(load_application(name), kind)
    replicas = {service.name: service.replicas for service in application.services}

    def own(index: str) -> float:
        return sum(replicas[s.name] * getattr(s, index) for s in application.services if s.name != LOAD_GENERATOR)

    # Replicas are added to one service after the other for as long as the application's own quota allows.
    for service in application.services:
        while (
            replicas[service.name] < service.max_replicas
            and own("cpu_limit_millicores") + service.cpu_limit_millicores <= (application.cpu_quota_millicores or 0)
            and own("memory_limit_bytes") + service.memory_limit_bytes <= (application.memory_quota_bytes or 0)
        ):
            replicas[service.name] += 1
    limits = {service.name: pod_limits(service, kind) for service in application.services}
    assert sum((replicas[name] + 1) * cpu for name, (cpu, _) in limits.items()) <= need.cpu_millicores
    assert sum((replicas[name] + 1) * memory for name, (_, memory) in limits.items()) <= need.memory_bytes
    assert sum(replicas.values()) + len(replicas) <= need.pods


@pytest.mark.parametrize(("text", "value"), [("1500m", 1.5), ("2Gi", 2.0**31), ("64M", 64e6), ("3", 3.0)])
def test_quantities(text: str, value: float) -> None:
    assert quantity(text) == value
