"""A stand of five pods for tests of what can be done to one: small enough to come up in seconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from clusters.commands import CheckStatus, Command, CommandStatus, Receipt
from clusters.k3s.api import MANAGED_LABEL, KubeApi
from clusters.k3s.applying import apply_objects
from clusters.k3s.commands import apply_command, verify_command
from clusters.k3s.context import StandContext
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import NAMESPACE
from clusters.k3s.load import LoadDriver, SentRequests
from clusters.k3s.objects import stand_objects
from clusters.k3s.placement import place
from clusters.k3s.readiness import wait_ready
from clusters.kubernetes_part import FlagDelivery
from clusters.scenario import WorkloadTrace
from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    ConfigFlag,
    FlagEffect,
    Journey,
    Operation,
    OptionalGroup,
    Release,
    ReleaseEffect,
    RequestType,
    Service,
    ServiceKind,
)
from tests.small_services import small_operation, small_service

_ROOMY = {
    "max_replicas": 4,
    "cpu_limit_millicores": 400.0,
    "memory_base_bytes": 8 * 2.0**20,
    "startup_seconds": 3.0,
}


def _service(name: str, *operations: Operation, **changes: Any) -> Service:
    return small_service(name, *operations, **(_ROOMY | changes))


def _operation(name: str, *calls: Call) -> Operation:
    return small_operation(name, *calls, cpu=1.0)


TINY = Application(
    name="tiny",
    services=(
        _service(LOAD_GENERATOR, kind=ServiceKind.LOAD_GENERATOR, port=8089, max_replicas=1),
        _service(
            "shop",
            _operation(
                "Buy",
                Call(operation="stock.Reserve", timeout_seconds=3.0),
                Call(operation="hint.Suggest", timeout_seconds=1.0, required=False, omittable=True),
            ),
        ),
        _service("stock", _operation("Reserve")),
        _service("hint", _operation("Suggest")),
        _service("flagd", kind=ServiceKind.FLAGS, protocol="grpc", port=8013, max_replicas=1),
    ),
    journeys=(Journey(name="buy", slo_latency_milliseconds=500.0, slo_error_ratio=0.02),),
    request_types=(RequestType(name="buy", journey="buy", operation="shop.Buy", weight=1.0),),
    flags=(
        ConfigFlag(name="stockFailure", service="stock", effects=(FlagEffect(service="stock", error_ratio=1.0),)),
        ConfigFlag(
            name="shopLayout",
            service="shop",
            effects=(FlagEffect(service="shop", added_latency_milliseconds=5.0),),
            good_variant="v1",
            bad_variant="v2",
            delivery=FlagDelivery.ENVIRONMENT,
        ),
    ),
    nominal_rate_rps=10.0,
    releases=(
        Release(name="hint-2", service="hint", effects=(ReleaseEffect(added_latency_milliseconds=1.0),)),
        Release(name="hint-3", service="hint", image_exists=False),
    ),
    optional_groups=(OptionalGroup(name="hints", services=("hint",)),),
    cpu_quota_millicores=3000.0,
)


@contextmanager
def tiny_stand(admin: KubeApi, cluster: ClusterSpec, prefix: str) -> Iterator[StandContext]:
    """The application, placed and ready, as the stand's own account sees it; its namespaces go afterwards."""
    inventory = Inventory(clusters=(cluster,), namespace_prefix=prefix)
    try:
        placed = place(inventory, TINY, holder="tests")
        namespace, api = placed.namespace, placed.api
        try:
            apply_objects(api, namespace, stand_objects(TINY, namespace=namespace, cluster=cluster))
            wait_ready(api, namespace, TINY.service_names, timeout_seconds=180.0)
            load = LoadDriver(api, namespace)
            yield StandContext(
                application=TINY,
                api=api,
                namespace=namespace,
                cluster=cluster,
                inventory=inventory,
                load=load,
                now_ns=time.time_ns,
            )
        finally:
            placed.release()
    finally:
        for document in admin.list(NAMESPACE, label_selector=f"{MANAGED_LABEL}=true"):
            if document["metadata"]["name"].startswith(f"{prefix}-"):
                admin.delete(NAMESPACE, document["metadata"]["name"])


def offer(context: StandContext, *, rate_rps: float = 10.0) -> None:
    """Let users come at a steady rate from now on."""
    trace = WorkloadTrace(profile="steady", step_seconds=60.0, rates_rps=(rate_rps,), mix=(1.0,))
    context.load.begin(TINY, trace, rate_ratio=1.0, seed=1)


def felt(context: StandContext, *, seconds: float = 4.0) -> SentRequests:
    """What users who come now meet over some seconds."""
    offer(context)
    time.sleep(seconds)
    return next(row for row in context.load.stats() if row.name == "Aggregated")


def settle(context: StandContext, receipt: Receipt, *, seconds: float = 180.0) -> Receipt:
    """Ask until the postcheck is no longer pending."""
    deadline = time.monotonic() + seconds
    while receipt.postcheck_status is CheckStatus.PENDING and time.monotonic() < deadline:
        time.sleep(0.5)
        receipt = verify_command(context, receipt)
    return receipt


def done(context: StandContext, command: Command) -> Receipt:
    """The receipt of a command that is carried out and takes effect."""
    receipt = settle(context, apply_command(context, command))
    assert receipt.status is CommandStatus.APPLIED, receipt
    assert receipt.postcheck_status is CheckStatus.PASSED, receipt
    return receipt
