"""An application of three services: as small as one can be that has an edge between services."""

from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    Journey,
    Operation,
    Range,
    RequestType,
    Service,
    ServiceKind,
)


def _service(name: str, *calls: Call, kind: ServiceKind = ServiceKind.STATELESS) -> Service:
    return Service(
        name=name,
        kind=kind,
        protocol="http",
        port=8080,
        replicas=1,
        max_replicas=4,
        workers_per_replica=16,
        cpu_limit_millicores=500.0,
        memory_limit_bytes=64.0 * 2**20,
        memory_base_bytes=8.0 * 2**20,
        memory_per_request_bytes=1024.0,
        startup_seconds=2.0,
        operations=()
        if kind is ServiceKind.LOAD_GENERATOR
        else (Operation(name="Do", cpu_milliseconds=Range(low=2.0, high=2.0), calls=calls),),
    )


SMALL = Application(
    name="small",
    services=(
        _service(LOAD_GENERATOR, kind=ServiceKind.LOAD_GENERATOR),
        _service("shop", Call(operation="stock.Do")),
        _service("stock"),
    ),
    journeys=(Journey(name="buy", slo_latency_milliseconds=500.0, slo_error_ratio=0.02),),
    request_types=(RequestType(name="buy", journey="buy", operation="shop.Do", weight=1.0),),
    flags=(),
    nominal_rate_rps=20.0,
)
