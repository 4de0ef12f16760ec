"""A small application with one service of every kind that the synthetic image plays."""

from clusters.kubernetes_part import FlagDelivery
from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    ConfigFlag,
    FlagEffect,
    Journey,
    OptionalGroup,
    Release,
    ReleaseEffect,
    RequestType,
    ServiceKind,
)
from tests.small_services import small_operation, small_service

COMPUTE_MILLISECONDS = 20.0
WORKERS = 1
"""Of the service `back`, in which therefore 9 requests fit."""


STORE = Application(
    name="store",
    services=(
        small_service(LOAD_GENERATOR, kind=ServiceKind.LOAD_GENERATOR, port=8089),
        small_service(
            "front",
            small_operation("Read", Call(operation="back.Get", count=2.0, max_retries=2, timeout_seconds=5.0)),
            small_operation("Order", Call(operation="broker.Publish", timeout_seconds=5.0)),
            small_operation("Suggest", Call(operation="model.Ask", timeout_seconds=5.0, omittable=True)),
            small_operation("Hope", Call(operation="back.Wait", timeout_seconds=0.2, required=False)),
        ),
        small_service(
            "back",
            small_operation("Get", Call(operation="cache.Look")),
            small_operation("Compute", cpu=COMPUTE_MILLISECONDS),
            small_operation("Wait", latency=800.0),
            protocol="grpc",
            workers_per_replica=WORKERS,
        ),
        small_service("cache", small_operation("Look"), kind=ServiceKind.CACHE, protocol="tcp", port=6379),
        small_service("model", small_operation("Ask"), kind=ServiceKind.EXTERNAL_MODEL, max_rate_rps=3.0),
        small_service("flagd", small_operation("ResolveFlag"), kind=ServiceKind.FLAGS, protocol="grpc", port=8013),
        small_service(
            "broker",
            small_operation("Publish", Call(operation="worker.Consume", asynchronous=True)),
            kind=ServiceKind.QUEUE,
            protocol="kafka",
            port=9092,
        ),
        small_service("worker", small_operation("Consume"), protocol="kafka", port=None, workers_per_replica=1),
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
