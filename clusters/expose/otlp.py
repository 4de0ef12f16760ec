"""Metrics over time to a Prometheus' OTLP receiver, with the times at which they were true."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import httpx
import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as otlp
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from clusters.expose.metrics import Form, Histogram, Numbers
from ray_configs.errors import UserError

_CHUNK = 20
"""Times a request, of all metrics: a few megabytes."""
_TIMEOUT_SECONDS = 60.0
_CUMULATIVE = otlp.AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def push(url: str, metrics: Iterable[Numbers | Histogram], times_ns: Sequence[int], namespace: str) -> None:
    """Send metrics, whose values belong to these times, in the order of time.

    Raises:
        UserError: the Prometheus does not answer or does not take them.
    """
    kept = list(metrics)
    bounds = [*range(0, len(times_ns), _CHUNK), len(times_ns)]
    with httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        for first, last in pairwise(bounds):
            body = request(kept, times_ns, namespace, range(first, last)).SerializeToString()
            _send(client, f"{url.rstrip('/')}/api/v1/otlp/v1/metrics", body)


def _send(client: httpx.Client, url: str, body: bytes) -> None:
    try:
        answer = client.post(url, content=body, headers={"Content-Type": "application/x-protobuf"})
    except (httpx.TransportError, httpx.InvalidURL) as error:
        raise UserError(f"--prometheus: {url} does not answer ({error}); check that it runs and its address") from error
    if answer.status_code == 404:
        raise UserError(f"--prometheus: {url} is not there; start Prometheus with --web.enable-otlp-receiver")
    if answer.status_code >= 400:
        raise UserError(
            f"--prometheus: {url} refused the metrics ({answer.status_code}: {answer.text.strip()}); samples of past "
            "minutes need storage.tsdb.out_of_order_time_window where it holds newer ones"
        )


def request(
    metrics: Iterable[Numbers | Histogram], times_ns: Sequence[int], namespace: str, positions: Sequence[int]
) -> ExportMetricsServiceRequest:
    """What one request carries: the values at some of the times, grouped by the service that reports them."""
    by_service: dict[str, list[otlp.Metric]] = defaultdict(list)
    for metric in metrics:
        by_service[metric.identity.service].append(_metric(metric, times_ns, positions))
    return ExportMetricsServiceRequest(
        resource_metrics=[
            otlp.ResourceMetrics(
                resource=Resource(attributes=_attributes(_resource(service, namespace))),
                scope_metrics=[otlp.ScopeMetrics(metrics=of_service)],
            )
            for service, of_service in by_service.items()
        ]
    )


def _resource(service: str, namespace: str) -> Mapping[str, str]:
    return {
        "service.name": service,
        "service.instance.id": f"{service}-simulated",
        "k8s.namespace.name": namespace,
        "k8s.deployment.name": service,
        "k8s.pod.name": f"{service}-simulated",
    }


def _attributes(values: Mapping[str, str]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in values.items()]


def _metric(metric: Numbers | Histogram, times_ns: Sequence[int], positions: Sequence[int]) -> otlp.Metric:
    named = otlp.Metric(name=metric.identity.name, unit=metric.identity.unit)
    attributes = _attributes(dict(metric.identity.attributes))
    if isinstance(metric, Histogram):
        points = [_histogram_point(metric, times_ns, position, attributes) for position in positions]
        named.histogram.CopyFrom(otlp.Histogram(data_points=points, aggregation_temporality=_CUMULATIVE))
        return named
    numbers = [
        otlp.NumberDataPoint(
            attributes=attributes,
            start_time_unix_nano=times_ns[0],
            time_unix_nano=times_ns[position],
            as_double=metric.values[position],
        )
        for position in positions
        if np.isfinite(metric.values[position])
    ]
    if metric.form is Form.COUNTER:
        summed = otlp.Sum(data_points=numbers, aggregation_temporality=_CUMULATIVE, is_monotonic=True)
        named.sum.CopyFrom(summed)
    else:
        named.gauge.CopyFrom(otlp.Gauge(data_points=numbers))
    return named


def _histogram_point(
    metric: Histogram, times_ns: Sequence[int], position: int, attributes: list[KeyValue]
) -> otlp.HistogramDataPoint:
    counts = metric.counts[position]
    return otlp.HistogramDataPoint(
        attributes=attributes,
        start_time_unix_nano=times_ns[0],
        time_unix_nano=times_ns[position],
        count=int(counts.sum()),
        sum=float(metric.sums[position]),
        bucket_counts=counts.tolist(),
        explicit_bounds=metric.bounds.tolist(),
    )
