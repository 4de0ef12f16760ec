"""Streams as a batch of stands tells them: pod events as they happen, spans of time, copies, and scraping."""

import numpy as np
import pytest

from clusters.commands import ClearFault, Command, FailService, KillPods, LeakMemory
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.scraping import Scraping
from clusters.stand import StandError, StreamSource
from clusters.streams import StandStreams, StreamsSpec, joined
from tests.stands import APPLICATION, node, scenario

SECOND = 1_000_000_000
ALL = StreamsSpec(k8s_events=True, logs=True, spans=True, coroot_findings=True)
FAULTS: dict[int, Command] = {
    1: KillPods(fault_id="k", service="cart", period_seconds=20.0),
    2: LeakMemory(fault_id="l", service="cart", bytes_per_second=2e6),
}


def played(**options: object) -> SimulatedStands:
    """Three stands after two minutes of warm-up and three more: one well, one with kills, one with a leak."""
    stands = SimulatedStands(APPLICATION, 3, history_seconds=300.0, **options)  # type: ignore[arg-type]
    stands.reset(range(3), [scenario(warmup_seconds=120.0)] * 3, [1, 2, 3])
    for stand, fault in FAULTS.items():
        stands.apply(stand, fault)
    stands.advance(180.0)
    return stands


@pytest.fixture(scope="module")
def stands() -> SimulatedStands:
    """Without scraping."""
    return played()


def span(stands: SimulatedStands, first_seconds: int = 0, last_seconds: int = 300) -> tuple[int, int]:
    """(start, end) in nanoseconds of some seconds of the last 300."""
    start = int(stands.observe(300.0, 10.0).times_ns[0, 0])
    return start + first_seconds * SECOND, start + last_seconds * SECOND


def told(stands: SimulatedStands, stand: int, spec: StreamsSpec = ALL) -> StandStreams:
    """Everything of the last 300 seconds."""
    return stands.streams(stand, *span(stands), spec)


def test_simulated_stands_are_a_source(stands: SimulatedStands) -> None:
    assert isinstance(stands, StreamSource)


def test_only_what_is_asked_for_is_told(stands: SimulatedStands) -> None:
    for name in ALL.names:
        part = told(stands, 1, StreamsSpec(**{name: True}))
        assert getattr(part, name) == getattr(told(stands, 1), name) != ()
        assert all(getattr(part, other) == () for other in ALL.names if other != name)
    assert told(stands, 1, StreamsSpec()) == StandStreams()


def test_a_well_stand_has_no_pod_events(stands: SimulatedStands) -> None:
    assert told(stands, 0).k8s_events == ()


def test_every_killed_pod_is_an_event_at_its_time(stands: SimulatedStands) -> None:
    events = told(stands, 1).k8s_events
    restarts = node(stands.observe(300.0, 10.0), "cart", "restarts")[1]
    killed = [event for event in events if event.reason == "Killing"]
    assert {event.service for event in killed} == {"cart"}
    assert sum(event.count for event in killed) == restarts.sum() > 5
    buckets = [(event.time_ns - span(stands)[0]) // (10 * SECOND) for event in killed]
    assert np.flatnonzero(restarts).tolist() == sorted(set(buckets))
    assert sum(event.reason == "Started" for event in events) == len(killed)


def test_a_leak_ends_in_containers_out_of_memory_that_are_backed_off_and_found(stands: SimulatedStands) -> None:
    streams = told(stands, 2)
    reasons = [event.reason for event in streams.k8s_events]
    assert reasons.count("OOMKilling") >= 2
    assert reasons.count("BackOff") == reasons.count("OOMKilling") - 1
    assert any(f.symptom_class == "MemoryOOM" and f.affected_services == ("cart",) for f in streams.coroot_findings)
    assert any(line.severity == "WARN" and line.body.startswith("memory") for line in streams.logs)


@pytest.mark.parametrize("stand", [0, 1, 2])
def test_asked_for_part_by_part_a_stand_tells_the_same(stands: SimulatedStands, stand: int) -> None:
    parts = joined([stands.streams(stand, *span(stands, s, s + 50), ALL) for s in range(0, 300, 50)])
    whole = told(stands, stand)
    assert parts.k8s_events == whole.k8s_events
    assert parts.logs == whole.logs
    assert parts.coroot_findings == whole.coroot_findings
    # A slow request ends after its part, so only the order differs.
    assert sorted(parts.spans, key=lambda s: s.span_id) == sorted(whole.spans, key=lambda s: s.span_id)


def test_a_copy_tells_the_same_past_and_its_own_future(stands: SimulatedStands) -> None:
    fork = stands.fork([2, 1, 1], [3, 2, 2])
    assert told(fork, 1) == told(stands, 1) == told(fork, 2)
    fork.advance(60.0, np.array([1]))
    start, end = span(stands)
    latest = fork.streams(1, end, end + 60 * SECOND, ALL)
    assert latest.k8s_events
    assert fork.streams(1, start + 60 * SECOND, end, ALL).k8s_events == told(stands, 1).k8s_events
    assert told(fork, 2) == told(stands, 1)


def test_a_reset_stand_has_no_past() -> None:
    stands = played()
    stands.reset([1], [scenario(warmup_seconds=300.0)], [9])
    assert told(stands, 1).k8s_events == ()


def test_scraping_hides_nothing_from_logs_spans_and_events(stands: SimulatedStands) -> None:
    noisy = played(scraping=Scraping(noise_ratio=0.2, gap_ratio=0.2, delay_buckets=2))
    assert [told(noisy, stand) for stand in range(3)] == [told(stands, stand) for stand in range(3)]


def test_what_stands_for_a_missing_value_changes_nothing(stands: SimulatedStands) -> None:
    assert told(played(missing=-1.0), 2) == told(stands, 2)


@pytest.mark.parametrize(("first", "last"), [(-10, 300), (0, 310), (5, 300), (0, 295), (100, 50)])
def test_only_whole_buckets_that_are_kept_can_be_asked_for(stands: SimulatedStands, first: int, last: int) -> None:
    with pytest.raises(StandError, match="whole buckets"):
        stands.streams(0, *span(stands, first, last), ALL)


def test_no_time_tells_nothing(stands: SimulatedStands) -> None:
    assert stands.streams(0, *span(stands, 50, 50), ALL) == StandStreams()


def test_an_outage_is_unhealthy_pods_that_start_again_in_the_end() -> None:
    stands = played()
    start = int(stands.observe(10.0, 10.0).times_ns[0, 0]) + 10 * SECOND
    stands.apply(0, FailService(fault_id="f", service="valkey-cart"))
    stands.advance(60.0)
    stands.apply(0, ClearFault(fault_id="f"))
    stands.advance(10.0)
    events = stands.streams(0, start, start + 70 * SECOND, StreamsSpec(k8s_events=True)).k8s_events
    assert [(event.reason, (event.time_ns - start) // SECOND) for event in events] == [
        ("Unhealthy", 0),
        ("Pulled", 60),
        ("Started", 60),
    ]
    assert {event.service for event in events} == {"valkey-cart"}
