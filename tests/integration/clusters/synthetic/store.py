"""A small application with one service of every kind that the synthetic image plays."""

from clusters.kubernetes_part import FlagDelivery
from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    ConfigFlag,
    FlagEffect,
    Journey,
    Operation,
    OptionalGroup,
    Range,
    Release,
    ReleaseEffect,
    RequestType,
    Service,
    ServiceKind,
)

COMPUTE_MILLISECONDS = 20.0
WORKERS = 1
"""Of the service `back`, in which therefore 9 requests fit."""


def _service(
    name: str,
    *operations: Operation,
    kind: ServiceKind = ServiceKind.STATELESS,
    protocol: str = "http",
    port: int | None = 8080,
    workers: int = 16,
    max_rate_rps: float | None = None,
) -> Service:
    return Service(
        name=name,
        kind=kind,
        protocol=protocol,
        port=port,
        replicas=1,
        max_replicas=1,
        workers_per_replica=workers,
        cpu_limit_millicores=1000.0,
        memory_limit_bytes=2.0**26,
        memory_base_bytes=0.0,
        memory_per_request_bytes=1024.0,
        startup_seconds=1.0,
        operations=operations,
        max_rate_rps=max_rate_rps,
    )


def _operation(name: str, *calls: Call, cpu: float = 0.5, latency: float = 0.0) -> Operation:
    return Operation(
        name=name,
        cpu_milliseconds=Range(low=cpu, high=cpu),
        latency_milliseconds=Range(low=latency, high=latency),
        calls=calls,
    )


STORE = Application(
    name="store",
    services=(
        _service(LOAD_GENERATOR, kind=ServiceKind.LOAD_GENERATOR, port=8089),
        _service(
            "front",
            _operation("Read", Call(operation="back.Get", count=2.0, max_retries=2, timeout_seconds=5.0)),
            _operation("Order", Call(operation="broker.Publish", timeout_seconds=5.0)),
            _operation("Suggest", Call(operation="model.Ask", timeout_seconds=5.0, omittable=True)),
            _operation("Hope", Call(operation="back.Wait", timeout_seconds=0.2, required=False)),
        ),
        _service(
            "back",
            _operation("Get", Call(operation="cache.Look")),
            _operation("Compute", cpu=COMPUTE_MILLISECONDS),
            _operation("Wait", latency=800.0),
            protocol="grpc",
            workers=WORKERS,
        ),
        _service("cache", _operation("Look"), kind=ServiceKind.CACHE, protocol="tcp", port=6379),
        _service("model", _operation("Ask"), kind=ServiceKind.EXTERNAL_MODEL, max_rate_rps=3.0),
        _service("flagd", _operation("ResolveFlag"), kind=ServiceKind.FLAGS, protocol="grpc", port=8013),
        _service(
            "broker",
            _operation("Publish", Call(operation="worker.Consume", asynchronous=True)),
            kind=ServiceKind.QUEUE,
            protocol="kafka",
            port=9092,
        ),
        _service("worker", _operation("Consume"), protocol="kafka", port=None, workers=1),
    ),
    journeys=(
        Journey(name="reading", slo_latency_milliseconds=2000.0, slo_error_ratio=0.02),
        Journey(name="ordering", slo_latency_milliseconds=2000.0, slo_error_ratio=0.02),
    ),
    request_types=(
        RequestType(name="read", journey="reading", operation="front.Read", weight=3.0),
        RequestType(name="order", journey="ordering", operation="front.Order", weight=1.0),
    ),
    flags=(
        ConfigFlag(name="cacheFailure", service="cache", effects=(FlagEffect(service="cache", error_ratio=1.0),)),
        ConfigFlag(
            name="workerSleep",
            service="worker",
            effects=(FlagEffect(service="worker", added_latency_milliseconds=3000.0),),
            bad_variant="long",
            good_value=0,
            bad_value=3,
        ),
        ConfigFlag(
            name="frontClient",
            service="front",
            good_variant="v1",
            bad_variant="v2",
            delivery=FlagDelivery.ENVIRONMENT,
            effects=(FlagEffect(service="cache", error_ratio=1.0),),
        ),
    ),
    nominal_rate_rps=10.0,
    releases=(Release(name="back-2", service="back", effects=(ReleaseEffect(operation="Compute", cpu_factor=3.0),)),),
    optional_groups=(OptionalGroup(name="suggestions", services=("model",)),),
)
