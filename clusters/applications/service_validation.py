"""Each service by itself: names that stand once, numbers in range."""

from collections.abc import Iterable, Iterator

from clusters.topology import Operation, Service

PROTOCOLS = ("http", "grpc", "tcp", "kafka")
_POSITIVE = (
    "port",
    "replicas",
    "workers_per_replica",
    "cpu_limit_millicores",
    "memory_limit_bytes",
    "memory_base_bytes",
    "memory_per_request_bytes",
    "startup_seconds",
    "max_rate_rps",
)


def duplicates(kind: str, names: Iterable[str]) -> Iterator[str]:
    """Names of this kind that stand twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{kind} {name!r} stands twice; rename or remove one"
        seen.add(name)


def service_problems(service: Service) -> Iterator[str]:
    """What is wrong with a service, whatever the others are."""
    yield from duplicates(f"{service.name}: operation", (operation.name for operation in service.operations))
    if service.protocol not in PROTOCOLS:
        yield f"service {service.name!r} has protocol {service.protocol!r}; use one of {', '.join(PROTOCOLS)}"
    for key in _POSITIVE:
        value = getattr(service, key)
        if value is not None and not value > 0:
            yield f"service {service.name!r} has {key} {value}; it must be positive"
    if service.max_replicas < service.replicas:
        yield (
            f"service {service.name!r} has max_replicas {service.max_replicas}, below its replicas "
            f"{service.replicas}; raise it"
        )
    if service.memory_base_bytes >= service.memory_limit_bytes:
        yield f"service {service.name!r} needs more memory at rest than its limit; raise memory_limit_bytes"
    yield from _request_problems(service)
    for operation in service.operations:
        yield from _operation_problems(f"{service.name}.{operation.name}", operation)


def _request_problems(service: Service) -> Iterator[str]:
    for resource in ("cpu_{}_millicores", "memory_{}_bytes"):
        key, limit_key = resource.format("request"), resource.format("limit")
        request, limit = getattr(service, key), getattr(service, limit_key)
        if request is not None and not 0 < request <= limit:
            yield f"service {service.name!r} has {key} {request}; write 0 < request <= {limit_key}, which is {limit}"


def _operation_problems(name: str, operation: Operation) -> Iterator[str]:
    cpu, latency = operation.cpu_milliseconds, operation.latency_milliseconds
    if not 0 < cpu.low <= cpu.high:
        yield f"operation {name!r} has cpu_milliseconds from {cpu.low} to {cpu.high}; write 0 < low <= high"
    if not 0 <= latency.low <= latency.high:
        span = f"from {latency.low} to {latency.high}"
        yield f"operation {name!r} has latency_milliseconds {span}; write 0 <= low <= high"
