"""Applications as objects: edges are derived once and in a stable order, and lookups name what there is."""

from collections.abc import Callable

import pytest

from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    Journey,
    Operation,
    OptionalGroup,
    Range,
    Release,
    RequestType,
    Service,
    ServiceKind,
)


def service(name: str, kind: ServiceKind, *calls: Call, protocol: str = "grpc") -> Service:
    """A service with one operation, `Do`."""
    operation = Operation(name="Do", cpu_milliseconds=Range(low=1.0, high=1.0), calls=calls)
    return Service(
        name=name,
        kind=kind,
        protocol=protocol,
        port=80,
        replicas=1,
        max_replicas=2,
        workers_per_replica=1,
        cpu_limit_millicores=100.0,
        memory_limit_bytes=2.0,
        memory_base_bytes=1.0,
        memory_per_request_bytes=1.0,
        startup_seconds=1.0,
        operations=(operation,),
    )


APPLICATION = Application(
    name="shop",
    services=(
        service(LOAD_GENERATOR, ServiceKind.LOAD_GENERATOR),
        service("store", ServiceKind.DATABASE, protocol="tcp"),
        service("web", ServiceKind.STATELESS, Call(operation="queue.Do"), Call(operation="store.Do", count=2.0)),
        service("queue", ServiceKind.QUEUE, Call(operation="mailer.Do", asynchronous=True), protocol="kafka"),
        service("mailer", ServiceKind.STATELESS, Call(operation="store.Do")),
    ),
    journeys=(Journey(name="buy", slo_latency_milliseconds=1.0, slo_error_ratio=0.1),),
    request_types=(
        RequestType(name="buy", journey="buy", operation="web.Do", weight=1.0),
        RequestType(name="buy_more", journey="buy", operation="web.Do", weight=1.0),
    ),
    flags=(),
    nominal_rate_rps=1.0,
    releases=(Release(name="web-2", service="web"),),
    optional_groups=(OptionalGroup(name="mail", services=("mailer",)),),
)


def test_edges_are_distinct_and_in_the_order_of_the_services() -> None:
    assert [(edge.source, edge.target, edge.protocol) for edge in APPLICATION.edges] == [
        (LOAD_GENERATOR, "web", "grpc"),
        ("web", "store", "tcp"),
        ("web", "queue", "kafka"),
        ("queue", "mailer", "grpc"),
        ("mailer", "store", "tcp"),
    ]


@pytest.mark.parametrize(
    ("find", "known"),
    [
        (lambda: APPLICATION.service("basket"), "load-generator, store, web, queue, mailer"),
        (lambda: APPLICATION.service("web").operation("Undo"), r"\['Do'\]"),
        (lambda: APPLICATION.release("web-3"), "web-2"),
        (lambda: APPLICATION.optional_group("chat"), "mail"),
        (lambda: APPLICATION.flag("chat"), "shop has no flag 'chat'"),
    ],
)
def test_a_name_that_is_not_there_lists_those_that_are(find: Callable[[], object], known: str) -> None:
    with pytest.raises(KeyError, match=known):
        find()


def test_what_is_there_is_found() -> None:
    assert APPLICATION.service("web").operation("Do").calls[1].count == 2.0
    assert APPLICATION.release("web-2").service == "web"
    assert APPLICATION.optional_group("mail").services == ("mailer",)


def test_only_a_stateless_service_gains_from_replicas() -> None:
    scalable = [service.name for service in APPLICATION.services if service.is_scalable]
    assert scalable == ["web", "mailer"]
