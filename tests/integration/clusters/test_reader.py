"""How the reader asks a real Prometheus, and what it makes of counters that begin, stop and start again."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from clusters.expose.expose import expose
from clusters.expose.metrics import Form, Identity, Numbers
from clusters.expose.otlp import push
from clusters.k3s.telemetry.reader import ClusterReader
from clusters.simulated.stands import SimulatedStands
from clusters.stand import StandError
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow
from tests.integration.clusters.small_application import SMALL
from tests.stands import edge, node, scenario

STEP_NS = 10 * 10**9
NUM_SIGNALS = len(NODE_SIGNALS) + len(EDGE_SIGNALS) + len(JOURNEY_SIGNALS) + len(STAND_SIGNALS)

Open = Callable[[], ClusterReader]


@pytest.fixture(scope="module", name="end_ns")
def make_end() -> int:
    return time.time_ns() // STEP_NS * STEP_NS


@pytest.fixture(scope="module", name="names")
def make_stands(prometheus_url: str, end_ns: int) -> list[str]:
    """Fifty stands that did the same."""
    stands = SimulatedStands(SMALL, 1)
    stands.reset([0], [scenario(SMALL.nominal_rate_rps, application=SMALL)], [1])
    played = stands.observe(60.0, 10.0).of_stand(0).latest(6)
    names = [f"gym-many-{number}" for number in range(50)]
    for name in names:
        expose(SMALL, played, prometheus_url, namespace=name, end_ns=end_ns)
    return names


def window(reader: ClusterReader, namespace: str, end_ns: int, num_buckets: int = 4) -> TelemetryWindow:
    return reader.window(SMALL, namespace, end_ns=end_ns, window_seconds=10.0 * num_buckets, bucket_seconds=10.0)


def test_as_many_queries_for_fifty_stands_as_for_two(open_reader: Open, names: list[str], end_ns: int) -> None:
    few, many = open_reader(), open_reader()
    for name in names[:2]:
        window(few, name, end_ns - STEP_NS)
    with ThreadPoolExecutor(8) as threads:
        windows = list(threads.map(lambda name: window(many, name, end_ns - STEP_NS), names))
    assert few.num_queries == many.num_queries == NUM_SIGNALS
    for one in windows:
        np.testing.assert_array_equal(one.journeys, windows[0].journeys)
        assert np.isfinite(one.journeys).all()
    for name in names:
        window(many, name, end_ns)
    assert many.num_queries == 2 * NUM_SIGNALS, "a new bucket is asked for once"
    for name in names:
        window(many, name, end_ns)
    assert many.num_queries == 2 * NUM_SIGNALS


def test_a_counter_that_began_or_began_again_has_grown_by_what_it_shows(
    prometheus_url: str, open_reader: Open, end_ns: int
) -> None:
    kind = ("span.kind", "SPAN_KIND_SERVER")
    counters = {"UNSET": [100.0, 110.0, 20.0, 20.0, 50.0], "ERROR": [np.nan, np.nan, np.nan, np.nan, 10.0]}
    metrics = [
        Numbers(
            identity=Identity(
                name="traces.span.metrics.calls",
                service="shop",
                attributes=(kind, ("status.code", f"STATUS_CODE_{status}")),
            ),
            form=Form.COUNTER,
            values=np.array(values),
        )
        for status, values in counters.items()
    ]
    times_ns = [end_ns - STEP_NS * back for back in reversed(range(5))]
    push(prometheus_url, metrics, times_ns, "gym-restarted")
    told = window(open_reader(), "gym-restarted", end_ns)
    assert node(told, "shop", "request_rate_rps", SMALL).tolist() == [1.0, 2.0, 0.0, 4.0]
    errors = node(told, "shop", "error_ratio", SMALL)
    assert errors[[0, 1, 3]].tolist() == [0.0, 0.0, 0.25]
    assert np.isnan(errors[2]), "no request, no share of errors"


def test_a_service_that_reports_and_was_not_called_had_no_requests(
    prometheus_url: str, open_reader: Open, end_ns: int
) -> None:
    depth = Numbers(
        identity=Identity(name="http.server.active_requests", unit="{request}", service="shop"),
        form=Form.GAUGE,
        values=np.zeros(5),
    )
    push(prometheus_url, [depth], [end_ns - STEP_NS * back for back in reversed(range(5))], "gym-silent")
    told = window(open_reader(), "gym-silent", end_ns)
    assert (node(told, "shop", "request_rate_rps", SMALL) == 0.0).all()
    assert (edge(told, "shop", "stock", "request_rate_rps", SMALL) == 0.0).all()
    assert np.isnan(node(told, "stock", "request_rate_rps", SMALL)).all(), "stock reports nothing at all"


def test_what_prometheus_does_not_have_is_missing_and_says_why(open_reader: Open, end_ns: int) -> None:
    reader = open_reader()
    told = window(reader, "gym-nowhere", end_ns)
    for values in (told.nodes, told.edges, told.journeys, told.stand):
        assert np.isnan(values).all()
    reasons = reader.why_missing("gym-nowhere")
    assert len(reasons) == NUM_SIGNALS
    assert "the load generator reports no journeys" in reasons["journeys.offered_rate_rps"]
    assert "service graph connector" in reasons["edges.request_rate_rps"]
    assert "kubeletstats" in reasons["nodes.memory_bytes"]
    assert reader.why_missing("gym-never-asked") == {}


def test_the_last_bucket_decides_what_is_missing(open_reader: Open, names: list[str], end_ns: int) -> None:
    reader = open_reader()
    window(reader, names[0], end_ns)
    reasons = reader.why_missing(names[0])
    assert set(reasons) == {"nodes.consumer_lag", "stand.rate_limit_rps"}
    assert reasons["stand.rate_limit_rps"] == "there is no limit"


def test_a_window_of_parts_of_buckets_is_refused(open_reader: Open, end_ns: int) -> None:
    reader = open_reader()
    with pytest.raises(StandError, match="no whole number of buckets"):
        reader.window(SMALL, "gym-a", end_ns=end_ns, window_seconds=25.0, bucket_seconds=10.0)
