"""Sampled traces: whole, consistent with the topology, and as slow and as faulty as the telemetry says."""

from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.commands import Command, DelayEdge, FailService, SetFlag, SlowService
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.simulated.streams.traces import traces
from clusters.streams import Span
from clusters.topology import LOAD_GENERATOR
from tests.recordings import recorded
from tests.stands import APPLICATION, NOMINAL_RPS

EDGES = {(edge.source, edge.target) for edge in APPLICATION.edges}
FAULTS: dict[str, tuple[Command, ...]] = {
    "healthy": (),
    "payment fails": (SetFlag(flag="paymentFailure", variant="50%"),),
    "slow edge": (DelayEdge(fault_id="d", source="checkout", target="payment", latency_milliseconds=300.0),),
    "lost replies": (DelayEdge(fault_id="d", source="frontend", target="cart", latency_milliseconds=3000.0),),
    "no catalog": (FailService(fault_id="f", service="product-catalog"),),
}


def by_trace(spans: list[Span]) -> dict[str, list[Span]]:
    """Trace id -> its spans."""
    grouped = defaultdict(list)
    for span in spans:
        grouped[span.trace_id].append(span)
    return grouped


def end_ns(span: Span) -> int:
    """When it ended."""
    return span.time_ns + span.duration_ns


@pytest.fixture(scope="module")
def healthy() -> RecordedBuckets:
    """Ten buckets at the nominal rate."""
    return recorded()


@pytest.mark.parametrize("rate", [1.0, 3.0])
@pytest.mark.parametrize("fault", list(FAULTS))
def test_every_trace_is_whole(fault: str, rate: float) -> None:
    told = recorded(*FAULTS[fault], rate_rps=rate * NOMINAL_RPS, num_buckets=3)
    grouped = by_trace(list(traces(told, 20)))
    assert len(grouped) == 60
    for spans in grouped.values():
        by_id = {span.span_id: span for span in spans}
        assert len(by_id) == len(spans)
        (root,) = (span for span in spans if span.parent_span_id is None)
        assert root.service == LOAD_GENERATOR
        for span in spans:
            assert span.duration_ns >= 0
            if span is root:
                continue
            parent = by_id[str(span.parent_span_id)]
            assert span.time_ns >= parent.time_ns
            if span.span_kind != "CONSUMER":
                assert end_ns(span) <= end_ns(parent)
            if span.span_kind == "SERVER":
                assert parent.span_kind == "CLIENT"
                assert parent.operation == f"{span.service}.{span.operation}" or parent is root
            else:
                assert parent.service == span.service
                assert (span.service, span.operation.split(".")[0]) in EDGES


def test_a_caller_that_gives_up_cancels_its_calls_but_not_what_consumes_a_message() -> None:
    application = load_application("async-store")
    slow = [SlowService(fault_id=name, service=name, latency_milliseconds=1800.0) for name in ("kafka", "email")]
    told = recorded(*slow, application=application, rate_rps=application.nominal_rate_rps, num_buckets=6)
    given_up = consumed = 0
    for spans in by_trace(list(traces(told, 200))).values():
        by_id = {span.span_id: span for span in spans}
        assert all(span.parent_span_id is None or span.parent_span_id in by_id for span in spans)
        for span in spans:
            if span.span_kind == "CLIENT" and span.operation.startswith("checkout.") and span.status == "ERROR":
                given_up += 1
                assert span.duration_ns == pytest.approx(5e9, abs=2)
            if span.span_kind == "CONSUMER":
                consumed += 1
                assert span.time_ns >= by_id[str(span.parent_span_id)].time_ns
    assert given_up > 0
    assert consumed > 0


def test_calls_of_one_operation_follow_each_other(healthy: RecordedBuckets) -> None:
    for spans in by_trace(list(traces(healthy, 20))).values():
        calls = defaultdict(list)
        for span in spans:
            if span.span_kind == "CLIENT":
                calls[span.parent_span_id].append(span)
        for siblings in calls.values():
            assert all(end_ns(before) <= after.time_ns for before, after in pairwise(siblings))


def test_many_traces_together_have_the_recorded_latencies(healthy: RecordedBuckets) -> None:
    durations = defaultdict(list)
    for span in traces(healthy, 200):
        if span.span_kind == "SERVER":
            durations[span.service].append(span.duration_ns / 1e6)
    means, p95s = (healthy.nodes[f"latency_{name}_milliseconds"].mean(axis=0) for name in ("mean", "p95"))
    busy = [name for name in durations if len(durations[name]) > 500]
    assert len(busy) >= 5
    for name in busy:
        s = APPLICATION.service_names.index(name)
        assert np.mean(durations[name]) == pytest.approx(means[s], rel=0.15), name
        assert np.percentile(durations[name], 95) == pytest.approx(p95s[s], rel=0.3), name


def test_services_are_called_as_often_as_recorded(healthy: RecordedBuckets) -> None:
    spans = list(traces(healthy, 200))
    num_traces = len(by_trace(spans))
    rates = np.nanmean(healthy.nodes["request_rate_rps"], axis=0)
    for name in ("cart", "product-catalog", "valkey-cart"):
        calls = sum(span.service == name and span.span_kind == "SERVER" for span in spans)
        expected = rates[APPLICATION.service_names.index(name)] / rates[APPLICATION.service_names.index("frontend")]
        assert calls / num_traces == pytest.approx(expected, rel=0.1), name


def test_failures_appear_where_the_telemetry_has_them_and_reach_the_user() -> None:
    told = recorded(*FAULTS["payment fails"])
    spans = list(traces(told, 500))
    for name in ("payment", "checkout", "frontend"):
        served = [span for span in spans if span.service == name and span.span_kind == "SERVER"]
        failed = np.mean([span.status == "ERROR" for span in served])
        s = APPLICATION.service_names.index(name)
        assert failed == pytest.approx(np.nanmean(told.nodes["error_ratio"][:, s]), abs=0.08), name
    roots = [span for span in spans if span.parent_span_id is None]
    assert any(span.status == "ERROR" for span in roots)
    assert not any(span.status == "ERROR" for span in spans if span.service == "recommendation")


def test_a_failed_attempt_is_repeated_as_a_span_of_its_own() -> None:
    spans = list(traces(recorded(*FAULTS["lost replies"], num_buckets=3), 40))
    allowed = {
        (service.name, call.operation): call.max_retries
        for service in APPLICATION.services
        for operation in service.operations
        for call in operation.calls
    }
    retried = [key for key, retries in allowed.items() if retries and key[0] == "frontend" and "cart." in key[1]]
    assert retried
    calls = defaultdict(list)
    for span in spans:
        if span.span_kind == "CLIENT" and (span.service, span.operation) in retried:
            calls[span.parent_span_id, span.operation].append(span.status)
    repeated = [statuses for statuses in calls.values() if len(statuses) > 1]
    assert repeated
    assert all(status == "ERROR" for statuses in repeated for status in statuses[:-1])


def test_a_service_that_is_down_has_no_spans() -> None:
    spans = list(traces(recorded(*FAULTS["no catalog"], num_buckets=3), 40))
    refused = [span for span in spans if span.span_kind == "CLIENT" and span.operation.startswith("product-catalog.")]
    assert refused
    late = max(span.time_ns for span in spans) - 10_000_000_000
    assert not any(span.service == "product-catalog" and span.time_ns > late for span in spans)
    assert all(span.status == "ERROR" for span in refused if span.time_ns > late)


def test_requests_begin_in_their_bucket_and_are_told_again_alike(healthy: RecordedBuckets) -> None:
    spans = list(traces(healthy, 3))
    starts = [span.time_ns for span in spans if span.parent_span_id is None]
    buckets = (np.array(starts) - healthy.start_ns(0)) // healthy.bucket_ns
    assert buckets.tolist() == np.repeat(np.arange(10), 3).tolist()
    assert list(traces(healthy, 3)) == spans
    assert len({span.trace_id for span in spans}) == 30


def test_no_traces_where_none_are_asked_for(healthy: RecordedBuckets) -> None:
    assert list(traces(healthy, 0)) == []
