"""The smallest application that has something of everything a reset cares about: three pods, started in two seconds."""

from clusters.kubernetes_part import FlagDelivery
from clusters.topology import (
    Application,
    Call,
    ConfigFlag,
    FlagEffect,
    Operation,
    Range,
    Service,
    ServiceKind,
)

_MEBIBYTE = 2.0**20


def _service(name: str, kind: ServiceKind, *calls: Call, protocol: str = "http", port: int = 8080) -> Service:
    return Service(
        name=name,
        kind=kind,
        protocol=protocol,
        port=port,
        replicas=1,
        max_replicas=3,
        workers_per_replica=4,
        cpu_limit_millicores=1000.0,
        memory_limit_bytes=60.0 * _MEBIBYTE,
        memory_base_bytes=1.0 * _MEBIBYTE,
        memory_per_request_bytes=1024.0,
        startup_seconds=2.0,
        operations=(Operation(name="Do", cpu_milliseconds=Range(low=1.0, high=1.0), calls=calls),),
    )


SMALL_SHOP = Application(
    name="small-shop",
    services=(
        _service("web", ServiceKind.STATELESS, Call(operation="store.Do")),
        _service("store", ServiceKind.CACHE, protocol="tcp", port=6379),
        _service("flags", ServiceKind.FLAGS, protocol="grpc", port=8013),
    ),
    journeys=(),
    request_types=(),
    flags=(
        ConfigFlag(name="storeFailure", service="store", effects=(FlagEffect(service="store", error_ratio=0.5),)),
        ConfigFlag(
            name="webRendering",
            service="web",
            effects=(FlagEffect(service="web", cpu_factor=2.0),),
            good_variant="v1",
            bad_variant="v2",
            delivery=FlagDelivery.ENVIRONMENT,
        ),
    ),
    nominal_rate_rps=1.0,
)
