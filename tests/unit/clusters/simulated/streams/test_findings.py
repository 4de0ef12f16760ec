"""Findings: what is found, how late, and how often wrongly."""

from collections.abc import Mapping

import numpy as np
import pytest

from clusters.simulated.randomness import seed_words
from clusters.simulated.streams.findings import CONTEXT_BUCKETS, IMAGINED_RATIO, MISSED_RATIO, findings
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.streams import Finding
from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    TelemetryWindow,
    signal_index,
)
from tests.recordings import part
from tests.stands import APPLICATION

S, E = len(APPLICATION.services), len(APPLICATION.edges)
BUCKET_NS = 10_000_000_000
WELL = {
    "request_rate_rps": 10.0,
    "error_ratio": 0.0,
    "latency_mean_milliseconds": 20.0,
    "latency_p95_milliseconds": 40.0,
    "cpu_usage_millicores": 200.0,
    "cpu_limit_millicores": 500.0,
    "memory_bytes": 1e8,
    "memory_limit_bytes": 2e8,
    "restarts": 0.0,
    "replicas_ready": 1.0,
    "replicas_desired": 1.0,
}


def stand(seed: int, num_buckets: int, trouble: Mapping[str, float], first: int, last: int) -> RecordedBuckets:
    """All services are well, but from bucket `first` to before `last` `cart` is as `trouble` says."""
    nodes = np.zeros((num_buckets, S, len(NODE_SIGNALS)), dtype=np.float32)
    for name, value in WELL.items():
        nodes[..., signal_index(NODE_SIGNALS, name)] = value
    for name, value in trouble.items():
        nodes[first:last, APPLICATION.service_names.index("cart"), signal_index(NODE_SIGNALS, name)] = value
    edges = np.zeros((num_buckets, E, len(EDGE_SIGNALS)), dtype=np.float32)
    for name in ("request_rate_rps", "latency_mean_milliseconds", "latency_p95_milliseconds"):
        edges[..., signal_index(EDGE_SIGNALS, name)] = WELL[name]
    return RecordedBuckets(
        application=APPLICATION,
        window=TelemetryWindow(
            bucket_seconds=10.0,
            times_ns=np.arange(num_buckets) * BUCKET_NS,
            nodes=nodes,
            edges=edges,
            journeys=np.ones((num_buckets, len(APPLICATION.journeys), len(JOURNEY_SIGNALS)), dtype=np.float32),
            stand=np.ones((num_buckets, len(STAND_SIGNALS)), dtype=np.float32),
        ),
        seeds=np.repeat(seed_words([seed]), num_buckets),
        first_bucket=0,
    )


def told(recorded: RecordedBuckets, oom_kills: np.ndarray | None = None) -> list[Finding]:
    """The findings about `cart`; without kills for memory unless some are given."""
    kills = np.zeros((recorded.window.num_buckets, S), dtype=np.int64) if oom_kills is None else oom_kills
    return [finding for finding in findings(recorded, kills) if finding.affected_services == ("cart",)]


@pytest.mark.parametrize(
    ("check", "trouble", "severity"),
    [
        ("SLOAvailability", {"error_ratio": 0.03}, "warning"),
        ("SLOAvailability", {"error_ratio": 0.3}, "critical"),
        ("SLOLatency", {"latency_mean_milliseconds": 900.0, "latency_p95_milliseconds": 2000.0}, "critical"),
        ("CPUContainer", {"cpu_usage_millicores": 450.0}, "warning"),
        ("MemoryPressure", {"memory_bytes": 1.9e8}, "warning"),
        ("InstanceRestarts", {"restarts": 1.0}, "warning"),
        ("InstanceAvailability", {"replicas_ready": 0.0}, "critical"),
    ],
)
def test_trouble_is_found_one_or_two_buckets_late_and_so_is_its_end(
    check: str, trouble: dict[str, float], severity: str
) -> None:
    starts, ends = [], []
    for seed in range(40):
        changes = [f for f in told(stand(seed, 24, trouble, 13, 19)) if f.symptom_class == check]
        starts += [f.time_ns // BUCKET_NS for f in changes if f.severity == severity][:1]
        ends += [f.time_ns // BUCKET_NS for f in changes if f.severity == "ok"][-1:]
    # A few are missed altogether; what is not missed is one or two buckets late, about as often the one as the other.
    assert 28 <= len(starts) <= 40
    assert set(starts) <= {14, 15}
    assert set(ends) <= {20, 21}
    assert 0.25 < np.mean(np.array(starts) == 14) < 0.75


def test_killed_for_memory() -> None:
    kills = np.zeros((12, S), dtype=np.int64)
    kills[5:8, APPLICATION.service_names.index("cart")] = 1
    found = [f for seed in range(20) for f in told(stand(seed, 12, {}, 0, 0), kills) if f.symptom_class == "MemoryOOM"]
    assert {f.severity for f in found} == {"critical", "ok"}


def test_a_slow_network_is_an_edges() -> None:
    recorded = stand(5, 12, {}, 0, 0)
    pairs = [(edge.source, edge.target) for edge in APPLICATION.edges]
    slow = pairs.index(("checkout", "payment"))
    recorded.window.edges[4:, slow, signal_index(EDGE_SIGNALS, "latency_mean_milliseconds")] = 80.0
    found = [f for f in findings(recorded, np.zeros((12, S), dtype=np.int64)) if f.symptom_class == "NetworkRTT"]
    assert [(f.affected_edges, f.severity) for f in found] == [((("checkout", "payment"),), "critical")]
    assert found[0].affected_services == ("checkout", "payment")


def test_a_well_stand_is_wrongly_reported_as_often_as_said() -> None:
    num_blocks, num_checks = 20, 7
    reports = [
        f for seed in range(60) for f in findings(stand(seed, 12 * num_blocks, {}, 0, 0), np.zeros((240, S), int))
    ]
    opened = [f for f in reports if f.severity != "ok"]
    chances = 60 * num_blocks * (num_checks * S + E)
    assert len(opened) / chances == pytest.approx(IMAGINED_RATIO, rel=0.25)
    assert {f.severity for f in opened} == {"warning"}


def test_trouble_is_missed_as_often_as_said() -> None:
    missed = 0
    for seed in range(300):
        found = [f for f in told(stand(seed, 11, {"error_ratio": 0.3}, 2, 11)) if f.symptom_class == "SLOAvailability"]
        missed += not found
    assert missed / 300 == pytest.approx(MISSED_RATIO, abs=0.05)


def test_the_end_of_the_chain_of_worst_calls_is_suspected() -> None:
    suspects: dict[tuple[str, ...], set[str | None]] = {}
    frontend, payment = (APPLICATION.service_names.index(name) for name in ("frontend", "payment"))
    errors, edge_errors = signal_index(NODE_SIGNALS, "error_ratio"), signal_index(EDGE_SIGNALS, "error_ratio")
    pairs = [(edge.source, edge.target) for edge in APPLICATION.edges]
    for seed in range(5):
        recorded = stand(seed, 12, {}, 0, 0)
        recorded.window.edges[..., signal_index(EDGE_SIGNALS, "latency_mean_milliseconds")] = 1.0
        for path in (("frontend", "checkout"), ("checkout", "payment")):
            recorded.window.edges[3:, pairs.index(path), edge_errors] = 0.6
        recorded.window.nodes[3:, [frontend, payment], errors] = 0.6
        for finding in findings(recorded, np.zeros((12, S), dtype=np.int64)):
            if finding.symptom_class == "SLOAvailability" and finding.severity == "critical":
                suspects.setdefault(finding.affected_services, set()).add(finding.suggested_root_cause)
    assert suspects == {("frontend",): {"payment"}, ("payment",): {"payment"}}


def test_asked_for_part_by_part_the_tool_says_the_same() -> None:
    whole = stand(2, 30, {"error_ratio": 0.3}, 9, 17)
    kills = np.zeros((30, S), dtype=np.int64)
    parts = []
    for first in range(0, 30, 5):
        context = min(first, CONTEXT_BUCKETS)
        parts += list(findings(part(whole, first, first + 5, num_context=context), kills[first - context : first + 5]))
    assert parts == list(findings(whole, kills))
