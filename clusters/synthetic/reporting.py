"""What a pod tells: spans and metrics over OTLP, and one JSON line per warning or error on its standard output."""

import json
import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Counter, Meter, UpDownCounter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

JOURNEY_DURATION: Final = "gym.journey.duration"
_BOUNDS_MS: Final = (2, 4, 6, 8, 10, 20, 35, 50, 75, 100, 150, 200, 300, 400, 500, 700)
_LONG_BOUNDS_MS: Final = (1000, 1400, 2000, 3000, 5000, 7000, 10000)
_NAME: Final = "otel-control-gym"
_SPAN_DELAY_MS: Final = 2000
_FLUSH_SECONDS: Final = 0.3


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """The pod's instruments."""

    service: str
    tracer: Tracer
    meter: Meter
    active_requests: UpDownCounter
    retries: Counter
    _traces: TracerProvider
    _metrics: MeterProvider

    def log(self, severity: str, body: str, span: Span | None = None) -> None:
        """Write one line; `severity` is `INFO`, `WARN` or `ERROR`."""
        line = {
            "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "severity": severity,
            "service": self.service,
            "body": body,
        }
        if span is not None:
            line["trace_id"] = f"{span.get_span_context().trace_id:032x}"
        print(json.dumps(line), flush=True)

    def close(self) -> None:
        """Send what is left, but do not wait long: who ends a pod wants it gone."""
        threads = [threading.Thread(target=provider.shutdown, daemon=True) for provider in (self._traces, self._metrics)]
        deadline = time.monotonic() + _FLUSH_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))


def start_reporting(service: str) -> Reporting:
    """The SDK as OTEL_* says; without OTEL_EXPORTER_OTLP_ENDPOINT nothing is sent."""
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    is_sent = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    traces = TracerProvider(shutdown_on_exit=False)
    if is_sent:
        traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=_SPAN_DELAY_MS))
    bounds = ExplicitBucketHistogramAggregation((*_BOUNDS_MS, *_LONG_BOUNDS_MS))
    metrics = MeterProvider(
        metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())] if is_sent else [],
        views=[View(instrument_name=JOURNEY_DURATION, aggregation=bounds)],
        shutdown_on_exit=False,
    )
    meter = metrics.get_meter(_NAME)
    return Reporting(
        service=service,
        tracer=traces.get_tracer(_NAME),
        meter=meter,
        active_requests=meter.create_up_down_counter("http.server.active_requests", unit="{request}"),
        retries=meter.create_counter("gym.client.retries", unit="{retry}"),
        _traces=traces,
        _metrics=metrics,
    )


def mark_failed(span: Span, reason: str) -> None:
    """Give a span the status that error ratios count."""
    span.set_attribute("error.type", reason)
    span.set_status(Status(StatusCode.ERROR, reason))
