"""Parts of small applications for tests: what a service and an operation are unless a test says otherwise."""

from dataclasses import replace
from typing import Any

from clusters.topology import Call, Operation, Range, Service, ServiceKind

_PLAIN = Service(
    name="plain",
    kind=ServiceKind.STATELESS,
    protocol="http",
    port=8080,
    replicas=1,
    max_replicas=1,
    workers_per_replica=16,
    cpu_limit_millicores=1000.0,
    memory_limit_bytes=2.0**26,
    memory_base_bytes=0.0,
    memory_per_request_bytes=1024.0,
    startup_seconds=1.0,
    operations=(),
)


def small_service(name: str, *operations: Operation, **changes: Any) -> Service:
    """A stateless HTTP service with one replica, with these operations, and with fields of its own."""
    return replace(_PLAIN, name=name, operations=operations, **changes)


def small_operation(name: str, *calls: Call, cpu: float = 0.5, latency: float = 0.0) -> Operation:
    """Milliseconds of CPU and of waiting, the same for every seed, and calls one after the other."""
    return Operation(
        name=name,
        cpu_milliseconds=Range(low=cpu, high=cpu),
        latency_milliseconds=Range(low=latency, high=latency),
        calls=calls,
    )
