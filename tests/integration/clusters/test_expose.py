"""A simulated incident goes into a real Prometheus and comes back through the PromQL of live stands."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from clusters.__main__ import COMMANDS
from clusters.applications import load_application
from clusters.commands import DelayEdge, FailService, SetFlag, SetRateLimit
from clusters.expose.expose import expose
from clusters.k3s.inventory import EdgeSource
from clusters.k3s.telemetry.prometheus import Prometheus
from clusters.k3s.telemetry.reader import ClusterReader
from clusters.simulated.stands import SimulatedStands
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow
from ray_configs.command_line import run
from tests.stands import scenario

BUCKET_SECONDS = 10.0
NUM_BUCKETS = 36
STORE = load_application("async-store")
NEARLY = 1e-4
"""What float32 and text cost."""
TOLERANCES = {"latency_p95_milliseconds": 0.12}
"""Relative; a histogram places a percentile between two bounds that are 20 % apart, and counts whole requests."""
FEW_REQUESTS = 100.0
"""In a bucket; of fewer, less than five took longer than the percentile, and whole numbers place it badly."""
LEVELS = {"nodes": NODE_SIGNALS, "edges": EDGE_SIGNALS, "journeys": JOURNEY_SIGNALS, "stand": STAND_SIGNALS}

Floats = NDArray[np.float32]


@pytest.fixture(scope="module", name="played")
def make_incident() -> TelemetryWindow:
    """Errors, slow calls, an outage and a rate limit, one after the other."""
    stands = SimulatedStands(STORE, 1)
    stands.reset([0], [scenario(STORE.nominal_rate_rps, warmup_seconds=60.0, application=STORE)], [3])
    for command in (
        SetFlag(flag="paymentFailure", variant="50%"),
        DelayEdge(fault_id="delay", source="checkout", target="cart", latency_milliseconds=400.0),
        FailService(fault_id="outage", service="recommendation"),
        SetRateLimit(limit_rps=0.5 * STORE.nominal_rate_rps),
    ):
        stands.apply(0, command)
        stands.advance(70.0)
    stands.advance(20.0)
    return stands.observe(NUM_BUCKETS * BUCKET_SECONDS, BUCKET_SECONDS).of_stand(0).latest(NUM_BUCKETS)


def last_bound_ns() -> int:
    step_ns = round(BUCKET_SECONDS * 1e9)
    return time.time_ns() // step_ns * step_ns


@pytest.mark.parametrize("edges", EdgeSource)
def test_the_reader_returns_the_simulators_own_window(
    prometheus_url: str,
    open_reader: Callable[[EdgeSource], ClusterReader],
    played: TelemetryWindow,
    edges: EdgeSource,
) -> None:
    namespace, end_ns = f"gym-exposed-{edges.value.replace('_', '-')}", last_bound_ns()
    expose(STORE, played, prometheus_url, namespace=namespace, end_ns=end_ns)
    window = open_reader(edges).window(
        STORE, namespace, end_ns=end_ns, window_seconds=NUM_BUCKETS * BUCKET_SECONDS, bucket_seconds=BUCKET_SECONDS
    )
    assert window.times_ns[-1] == end_ns - round(BUCKET_SECONDS * 1e9)
    assert (played.nodes[..., 1] > 0.05).any()
    for level, signals in LEVELS.items():
        for position, signal in enumerate(signals):
            truth, seen = getattr(played, level)[..., position], getattr(window, level)[..., position]
            rate = getattr(played, level)[..., 0]
            counts = rate * BUCKET_SECONDS if signal.name == "latency_p95_milliseconds" else None
            assert counts is None or (counts >= FEW_REQUESTS).mean() > 0.25
            _compare(f"{level}.{signal.name}", truth, seen, counts, TOLERANCES.get(signal.name, NEARLY))


def _compare(name: str, truth: Floats, seen: Floats, counts: Floats | None, tolerance: float) -> None:
    told = np.isfinite(truth) if counts is None else np.isfinite(truth) & (counts >= FEW_REQUESTS)
    np.testing.assert_allclose(seen[told], truth[told], rtol=tolerance, atol=1e-4, err_msg=name)
    if counts is None:
        assert np.isnan(seen[np.isnan(truth)]).all(), f"{name}: what is not known came back as a number"


def test_the_command_puts_an_incident_into_the_last_minutes(
    prometheus_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run_clusters("expose", "checkout-latency", "--prometheus", prometheus_url, "--namespace", "gym-incident") == 0
    )
    assert "checkout-latency on small-core is in" in capsys.readouterr().out
    prometheus = Prometheus(prometheus_url, cluster="exposed")
    selector = 'gym_journey_requests_total{k8s_namespace_name="gym-incident", outcome!="good"}'
    bad = prometheus.instant(f"sum by(journey)({selector} - {selector} offset 2m) > 0")
    prometheus.close()
    assert "checkout" in {series.labels["journey"] for series in bad}


def test_a_prometheus_that_takes_nothing_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_clusters("expose", "checkout-latency", "--prometheus", "http://127.0.0.1:9") == 2
    assert "does not answer" in capsys.readouterr().err


def run_clusters(*arguments: str) -> int:
    return run("python -m clusters", "", COMMANDS, arguments)
