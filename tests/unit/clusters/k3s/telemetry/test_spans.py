"""Spans over a real gRPC connection, and the traces that are drawn from them."""

from collections.abc import Iterator

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from clusters.k3s.telemetry.log_lines import BUCKET_NS
from clusters.k3s.telemetry.spans import SpanReceiver
from clusters.stand import StandError
from tests.plane import free_port


@pytest.fixture(name="endpoint")
def make_endpoint() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture(name="receiver")
def make_receiver(endpoint: str) -> Iterator[SpanReceiver]:
    receiver = SpanReceiver(endpoint, "gym")
    yield receiver
    receiver.close()


def span(trace: int, number: int, start_ns: int, *, parent: int = 0, is_error: bool = False) -> otlp.Span:
    return otlp.Span(
        trace_id=trace.to_bytes(16, "big"),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=parent.to_bytes(8, "big") if parent else b"",
        name="Charge",
        kind=otlp.Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=start_ns,
        end_time_unix_nano=start_ns + 5,
        status=otlp.Status(code=otlp.Status.STATUS_CODE_ERROR if is_error else otlp.Status.STATUS_CODE_UNSET),
    )


def send(endpoint: str, namespace: str, service: str, *spans: otlp.Span) -> None:
    attributes = {"k8s.namespace.name": namespace, "service.name": service}
    resource = Resource(
        attributes=[KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in attributes.items()]
    )
    of_resource = otlp.ResourceSpans(resource=resource, scope_spans=[otlp.ScopeSpans(spans=spans)])
    with grpc.insecure_channel(endpoint) as channel:
        TraceServiceStub(channel).Export(ExportTraceServiceRequest(resource_spans=[of_resource]), timeout=10.0)


def test_a_trace_is_whole_though_its_spans_come_from_several_pods(receiver: SpanReceiver, endpoint: str) -> None:
    send(endpoint, "gym-a", "checkout", span(1, 11, BUCKET_NS + 3, parent=10))
    # It ends after its bucket, and comes later than its child.
    send(endpoint, "gym-a", "frontend", span(1, 10, BUCKET_NS + 1), span(1, 12, 2 * BUCKET_NS + 9, parent=10))
    told = receiver.told("gym-a", BUCKET_NS, 2 * BUCKET_NS, 5)
    assert [one.service for one in told] == ["frontend", "checkout", "frontend"]
    assert [one.parent_span_id for one in told] == [None, f"{10:016x}", f"{10:016x}"]
    assert (told[0].trace_id, told[0].span_kind, told[0].duration_ns) == (f"{1:032x}", "CLIENT", 5)
    assert receiver.told("gym-a", 2 * BUCKET_NS, 3 * BUCKET_NS, 5) == ()


def test_so_many_traces_of_each_bucket_and_only_of_stands(receiver: SpanReceiver, endpoint: str) -> None:
    for bucket in (1, 2):
        spans = [span(10 * bucket + number, number + 1, bucket * BUCKET_NS + number) for number in range(4)]
        send(endpoint, "gym-a", "frontend", *reversed(spans))
    send(endpoint, "gym-b", "frontend", span(99, 1, BUCKET_NS, is_error=True))
    send(endpoint, "kube-system", "frontend", span(98, 1, BUCKET_NS))
    told = receiver.told("gym-a", BUCKET_NS, 3 * BUCKET_NS, 2)
    assert [int(one.trace_id, 16) for one in told] == [10, 11, 20, 21]
    assert receiver.told("gym-a", BUCKET_NS, 3 * BUCKET_NS, 0) == ()
    assert [one.status for one in receiver.told("gym-b", BUCKET_NS, 3 * BUCKET_NS, 2)] == ["ERROR"]
    assert receiver.told("kube-system", BUCKET_NS, 3 * BUCKET_NS, 2) == ()


def test_a_port_that_is_taken_is_named(receiver: SpanReceiver, endpoint: str) -> None:
    with pytest.raises(StandError, match=f"cannot listen on {endpoint} for spans; free the port"):
        SpanReceiver(endpoint, "gym")
