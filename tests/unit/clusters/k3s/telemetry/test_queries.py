"""Every signal has a source, whichever the inventory names, and none is read from two."""

from itertools import product

import pytest

from clusters.k3s.inventory import ContainerSource, EdgeSource, ObjectSource, TelemetrySpec
from clusters.k3s.telemetry.objects import NODE_SIGNALS_WATCHED, STAND_SIGNALS_WATCHED
from clusters.k3s.telemetry.queries import edge_queries, journey_queries, node_queries, stand_queries
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, Signal

SOURCES = tuple(product(EdgeSource, ContainerSource, ObjectSource))


def spec(edges: EdgeSource, containers: ContainerSource, objects: ObjectSource) -> TelemetrySpec:
    return TelemetrySpec(
        prometheus_url="http://p", otlp_endpoint="http://g", edges=edges, containers=containers, objects=objects
    )


def names(signals: tuple[Signal, ...]) -> set[str]:
    return {signal.name for signal in signals}


@pytest.mark.parametrize("sources", SOURCES, ids=lambda sources: "-".join(sources))
def test_every_signal_is_read_from_exactly_one_source(
    sources: tuple[EdgeSource, ContainerSource, ObjectSource],
) -> None:
    telemetry = spec(*sources)
    is_watched = telemetry.objects is ObjectSource.WATCH
    for signals, queries, watched in (
        (NODE_SIGNALS, node_queries(telemetry), NODE_SIGNALS_WATCHED),
        (EDGE_SIGNALS, edge_queries(telemetry), ()),
        (JOURNEY_SIGNALS, journey_queries(), ()),
        (STAND_SIGNALS, stand_queries(telemetry), STAND_SIGNALS_WATCHED),
    ):
        from_watch = set(watched) if is_watched else set()
        assert set(queries) | from_watch == names(signals)
        assert not set(queries) & from_watch


@pytest.mark.parametrize("sources", SOURCES, ids=lambda sources: "-".join(sources))
def test_a_query_is_about_stands_only_and_about_all_of_them(
    sources: tuple[EdgeSource, ContainerSource, ObjectSource],
) -> None:
    telemetry = spec(*sources)
    for queries in (node_queries(telemetry), edge_queries(telemetry), journey_queries(), stand_queries(telemetry)):
        for name, query in queries.items():
            expression = query.expression(30.0, "gym")
            assert "$" not in expression.replace('"$1"', ""), name
            assert expression.count("{") == expression.count('=~"gym-.*"'), f"{name} reads what is no stand's"
            assert f"by({query.namespace_label}" in expression, name


def test_the_length_of_a_bucket_is_in_the_query() -> None:
    rate = journey_queries()["offered_rate_rps"].expression(30.0, "gym")
    assert "offset 30s" in rate
    assert rate.endswith("/ 30")
