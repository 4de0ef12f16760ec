"""What a pod tells: spans and metrics over OTLP, and one JSON line per warning or error on its standard output."""

import json
import logging
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter, UpDownCounter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

JOURNEY_DURATION: Final = "gym.journey.duration"
_BOUNDS_MS: Final = tuple(round(2.0 * 1.15**step, 1) for step in range(62))
"""Of users' latency: 2 ms to 10 s, each 15 % above the last, so that a percentile read between two is within 10 %."""
_NAME: Final = "otel-control-gym"
_SPAN_DELAY_MS: Final = 1000
_FLUSH_SECONDS: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """The pod's instruments."""

    service: str
    tracer: Tracer
    meter: Meter
    active_requests: UpDownCounter
    _traces: TracerProvider
    _metrics: MeterProvider

    def log(self, severity: str, body: str, span: Span | None = None) -> None:
        """Write one line; `severity` is `INFO`, `WARN` or `ERROR`."""
        line = _line(self.service, severity, body)
        if span is not None:
            line["trace_id"] = f"{span.get_span_context().trace_id:032x}"
        print(json.dumps(line), flush=True)

    def close(self) -> None:
        """Send what is left, but do not wait long: who ends a pod wants it gone."""
        providers = (self._traces, self._metrics)
        threads = [threading.Thread(target=provider.shutdown, daemon=True) for provider in providers]
        deadline = time.monotonic() + _FLUSH_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))


class _JsonLines(logging.Formatter):
    """Lines of libraries, in the form of ours."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        severity = "WARN" if record.levelno <= logging.WARNING else "ERROR"
        return json.dumps(_line(self._service, severity, record.getMessage()))


def _line(service: str, severity: str, body: str) -> dict[str, str]:
    time_of_line = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    return {"time": time_of_line, "severity": severity, "service": service, "body": body}


def start_reporting(service: str) -> Reporting:
    """The SDK as OTEL_* says; without OTEL_EXPORTER_OTLP_ENDPOINT nothing is sent."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines(service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Each try of an export that fails warns; that it was given up is an error.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    is_sent = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    # Replicas share all other attributes, and counters of one identity overwrite each other.
    resource = Resource.create({"service.name": service, "service.instance.id": socket.gethostname()})
    traces = TracerProvider(resource=resource, shutdown_on_exit=False)
    if is_sent:
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=_SPAN_DELAY_MS))
    bounds = ExplicitBucketHistogramAggregation(_BOUNDS_MS)
    metrics = MeterProvider(
        resource=resource,
        metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())] if is_sent else [],
        views=[View(instrument_name=JOURNEY_DURATION, aggregation=bounds)],
        shutdown_on_exit=False,
    )
    meter = metrics.get_meter(_NAME)
    active_requests = meter.create_up_down_counter("http.server.active_requests", unit="{request}")
    active_requests.add(0)  # so that a service that is never called says so
    return Reporting(
        service=service,
        tracer=traces.get_tracer(_NAME),
        meter=meter,
        active_requests=active_requests,
        _traces=traces,
        _metrics=metrics,
    )


def called(service: str, *, is_retry: bool = False) -> dict[str, str]:
    """Attributes of a client's or producer's span, which edges are measured by."""
    return {"server.address": service, "gym.retry": str(is_retry).lower()}


def mark_failed(span: Span, reason: str) -> None:
    """Give a span the status that error ratios count."""
    span.set_attribute("error.type", reason)
    span.set_status(Status(StatusCode.ERROR, reason))
