"""Spans that the gateway delivers: an OTLP receiver (gRPC) of ours, and whole traces drawn from what it got."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2 as otlp

from clusters.k3s.telemetry.log_lines import BUCKET_NS
from clusters.stand import StandError
from clusters.streams import Span

_KEPT_SPANS = 40_000
"""Of one stand, some 40 MB: half a minute at a hundred requests a second."""
_KEPT_SECONDS = 600.0
"""After so long without a span a stand is taken to be gone."""
_MAX_MESSAGE_BYTES = 64 * 2**20
_KINDS = {
    otlp.Span.SPAN_KIND_SERVER: "SERVER",
    otlp.Span.SPAN_KIND_CLIENT: "CLIENT",
    otlp.Span.SPAN_KIND_PRODUCER: "PRODUCER",
    otlp.Span.SPAN_KIND_CONSUMER: "CONSUMER",
}


class _Received(NamedTuple):
    service: str
    span: otlp.Span


class SpanReceiver(TraceServiceServicer):
    """Listens until closed. Safe to share between threads.

    Args:
        endpoint: `host:port` to listen on.
        namespace_prefix: of the stands; other spans are dropped.

    Raises:
        StandError: the port cannot be had.
    """

    def __init__(self, endpoint: str, namespace_prefix: str) -> None:
        self._prefix = f"{namespace_prefix}-"
        self._lock = threading.Lock()
        self._spans: dict[str, deque[_Received]] = defaultdict(lambda: deque(maxlen=_KEPT_SPANS))
        self._heard_of: dict[str, float] = {}
        # Without it two readers would share a port, and each would get a part of the spans.
        options = (("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES))
        self._server = grpc.server(ThreadPoolExecutor(2, thread_name_prefix="spans"), options=options)
        add_TraceServiceServicer_to_server(self, self._server)  # type: ignore[no-untyped-call]
        try:
            self._server.add_insecure_port(endpoint)
        except RuntimeError as error:
            raise StandError(
                f"cannot listen on {endpoint} for spans; free the port, or correct spans_endpoint"
            ) from error
        self._server.start()

    def Export(self, request: ExportTraceServiceRequest, context: grpc.ServicerContext) -> ExportTraceServiceResponse:
        """Take spans in, as OTLP wants it."""
        for of_resource in request.resource_spans:
            attributes = _texts(of_resource.resource.attributes)
            namespace = attributes.get("k8s.namespace.name", "")
            if not namespace.startswith(self._prefix):
                continue
            service = attributes.get("service.name", "")
            with self._lock:
                self._hear_of(namespace)
                for of_scope in of_resource.scope_spans:
                    self._spans[namespace].extend(_Received(service, span) for span in of_scope.spans)
        return ExportTraceServiceResponse()

    def told(self, namespace: str, start_ns: int, end_ns: int, traces_per_bucket: int) -> tuple[Span, ...]:
        """Whole traces that began from `start_ns` to before `end_ns`: so many of each bucket."""
        with self._lock:
            received = list(self._spans.get(namespace, ()))
        chosen = _chosen(received, start_ns, end_ns, traces_per_bucket)
        by_trace: dict[bytes, list[Span]] = {trace_id: [] for trace_id in chosen}
        for one in received:
            if one.span.trace_id in by_trace:
                by_trace[one.span.trace_id].append(_span(one))
        traces = (sorted(spans, key=lambda span: span.time_ns) for spans in by_trace.values())
        return tuple(span for spans in sorted(traces, key=lambda spans: spans[0].time_ns) for span in spans)

    def _hear_of(self, namespace: str) -> None:
        now = time.monotonic()
        if namespace not in self._heard_of:
            for other in [name for name, last in self._heard_of.items() if last < now - _KEPT_SECONDS]:
                del self._heard_of[other], self._spans[other]
        self._heard_of[namespace] = now

    def close(self) -> None:
        """Stop listening."""
        self._server.stop(grace=None).wait()


def _chosen(received: Sequence[_Received], start_ns: int, end_ns: int, traces_per_bucket: int) -> Iterator[bytes]:
    """Ids are random, so the least of them are a fair draw that does not depend on the order of arrival."""
    roots: dict[int, set[bytes]] = defaultdict(set)
    for one in received:
        began = one.span.start_time_unix_nano
        if not one.span.parent_span_id and start_ns <= began < end_ns:
            roots[began // BUCKET_NS].add(one.span.trace_id)
    for ids in roots.values():
        yield from islice(sorted(ids), traces_per_bucket)


def _span(received: _Received) -> Span:
    span = received.span
    is_error = span.status.code == otlp.Status.STATUS_CODE_ERROR
    return Span(
        time_ns=span.start_time_unix_nano,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_span_id=span.parent_span_id.hex() or None,
        service=received.service,
        operation=span.name,
        span_kind=_KINDS.get(span.kind, "SERVER"),
        duration_ns=max(span.end_time_unix_nano - span.start_time_unix_nano, 0),
        status="ERROR" if is_error else "UNSET",
    )


def _texts(attributes: Sequence[KeyValue]) -> Mapping[str, str]:
    return {attribute.key: attribute.value.string_value for attribute in attributes}
