"""The metrics of a whole stand, from its telemetry window: the inverse of the reader's PromQL.

Names and attributes are those of the OpenTelemetry Demo's collector (span metrics, kubeletstats, k8s_cluster, and the
service graph connector), and of the load generator of live stands.
"""

from collections.abc import Iterator

import numpy as np

from clusters.expose.metrics import Floats, Histogram, Identity, Numbers, counter, gauge, histogram
from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    Signal,
    TelemetryWindow,
    signal_index,
)
from clusters.topology import LOAD_GENERATOR, Application, Edge, Journey, Service

Metric = Numbers | Histogram

_CALLS = "traces.span.metrics.calls"
_DURATION = "traces.span.metrics.duration"
_ERROR, _UNSET = ("status.code", "STATUS_CODE_ERROR"), ("status.code", "STATUS_CODE_UNSET")


def stand_metrics(application: Application, window: TelemetryWindow, namespace: str) -> Iterator[Metric]:
    """All metrics of one stand, whose window has no leading axis."""
    for position, service in enumerate(application.services):
        node = _named(NODE_SIGNALS, window.nodes[:, position])
        yield from _of_requests(service, node, window.bucket_seconds)
        yield from _of_containers(service, node, window.bucket_seconds)
    for position, edge in enumerate(application.edges):
        values = _named(EDGE_SIGNALS, window.edges[:, position])
        yield from _of_client_spans(edge, values, window.bucket_seconds)
        yield from _of_service_graph(edge, values, window.bucket_seconds, namespace)
    for position, journey in enumerate(application.journeys):
        yield from _of_journey(journey, _named(JOURNEY_SIGNALS, window.journeys[:, position]), window.bucket_seconds)
    yield from _of_stand(application, _named(STAND_SIGNALS, window.stand))


def _named(signals: tuple[Signal, ...], values: np.ndarray) -> dict[str, Floats]:
    """Signal -> [T]."""
    return {signal.name: values[:, signal_index(signals, signal.name)].astype(np.float64) for signal in signals}


def _of_requests(service: Service, node: dict[str, Floats], seconds: float) -> Iterator[Metric]:
    kind = ("span.kind", "SPAN_KIND_SERVER" if service.port is not None else "SPAN_KIND_CONSUMER")
    requests = node["request_rate_rps"] * seconds
    yield from _calls(service.name, requests, node["error_ratio"], (kind,))
    yield histogram(
        Identity(name=_DURATION, unit="ms", service=service.name, attributes=(kind,)),
        requests,
        node["latency_mean_milliseconds"],
        node["latency_p95_milliseconds"],
    )
    depth = Identity(name="http.server.active_requests", unit="{request}", service=service.name)
    yield gauge(depth, node["queue_depth"])
    lag = Identity(
        name="kafka.consumer_group.lag", unit="1", service=service.name, attributes=(("group", service.name),)
    )
    if np.isfinite(node["consumer_lag"]).any():
        yield gauge(lag, node["consumer_lag"])


def _calls(
    service: str, requests: Floats, error_ratio: Floats, attributes: tuple[tuple[str, str], ...]
) -> Iterator[Metric]:
    failed = requests * np.nan_to_num(error_ratio)
    for growth, status in ((failed, _ERROR), (requests - failed, _UNSET)):
        yield counter(Identity(name=_CALLS, service=service, attributes=(*attributes, status)), growth)


def _of_containers(service: Service, node: dict[str, Floats], seconds: float) -> Iterator[Metric]:
    def named(name: str, unit: str, *attributes: tuple[str, str]) -> Identity:
        return Identity(name=name, unit=unit, service=service.name, attributes=attributes)

    yield counter(named("k8s.pod.cpu.time", "s"), node["cpu_usage_millicores"] / 1000.0 * seconds)
    yield gauge(named("k8s.pod.memory.working_set", "By"), node["memory_bytes"])
    for direction in ("receive", "transmit"):
        growth = node[f"network_{direction}_bytes_per_second"] * seconds
        yield counter(named("k8s.pod.network.io", "By", ("direction", direction)), growth)
    container = ("k8s.container.name", service.name)
    yield gauge(named("k8s.container.cpu_limit", "{cpu}", container), node["cpu_limit_millicores"] / 1000.0)
    yield gauge(named("k8s.container.memory_limit", "By", container), node["memory_limit_bytes"])
    restarts = np.cumsum(np.nan_to_num(node["restarts"]))
    yield gauge(named("k8s.container.restarts", "{restart}", container), restarts)
    yield gauge(named("k8s.deployment.available", "{pod}"), node["replicas_ready"])
    yield gauge(named("k8s.deployment.desired", "{pod}"), node["replicas_desired"])


def _of_client_spans(edge: Edge, values: dict[str, Floats], seconds: float) -> Iterator[Metric]:
    ends = (("span.kind", "SPAN_KIND_CLIENT"), ("server.address", edge.target))
    for requests, retry in _by_retry(values, seconds):
        yield from _calls(edge.source, requests, values["error_ratio"], (*ends, ("gym.retry", retry)))
    yield histogram(
        Identity(name=_DURATION, unit="ms", service=edge.source, attributes=ends),
        values["request_rate_rps"] * seconds,
        values["latency_mean_milliseconds"],
        values["latency_p95_milliseconds"],
    )


def _of_service_graph(edge: Edge, values: dict[str, Floats], seconds: float, namespace: str) -> Iterator[Metric]:
    ends = (("client", edge.source), ("server", edge.target), ("client_k8s.namespace.name", namespace))

    def named(name: str, *attributes: tuple[str, str]) -> Identity:
        return Identity(name=f"traces_service_graph_request_{name}", service="gateway", attributes=(*ends, *attributes))

    for requests, retry in _by_retry(values, seconds):
        yield counter(named("total", ("client_gym.retry", retry)), requests)
    requests = values["request_rate_rps"] * seconds
    yield counter(named("failed_total"), requests * np.nan_to_num(values["error_ratio"]))
    yield histogram(
        named("client_seconds"),
        requests,
        values["latency_mean_milliseconds"],
        values["latency_p95_milliseconds"],
        unit_ms=1000.0,
    )


def _by_retry(values: dict[str, Floats], seconds: float) -> tuple[tuple[Floats, str], tuple[Floats, str]]:
    """Attempts that are retries, and first ones."""
    retries = np.nan_to_num(values["retry_rate_rps"]) * seconds
    return (retries, "true"), (values["request_rate_rps"] * seconds - retries, "false")


def _of_journey(journey: Journey, values: dict[str, Floats], seconds: float) -> Iterator[Metric]:
    offered = np.nan_to_num(values["offered_rate_rps"]) * seconds
    good, failed = (offered * np.nan_to_num(values[name]) for name in ("good_ratio", "error_ratio"))
    outcomes = {"good": good, "failed": failed, "slow": np.maximum(offered - good - failed, 0.0)}
    of_journey = ("journey", journey.name)
    for outcome, growth in outcomes.items():
        attributes = (of_journey, ("outcome", outcome))
        yield counter(Identity(name="gym.journey.requests", service=LOAD_GENERATOR, attributes=attributes), growth)
    # The load generator's mean is no signal: what spreads the times is their percentile alone.
    p95 = values["latency_p95_milliseconds"]
    duration = Identity(name="gym.journey.duration", unit="ms", service=LOAD_GENERATOR, attributes=(of_journey,))
    yield histogram(duration, offered, p95 / 2.0, p95)


def _of_stand(application: Application, stand: dict[str, Floats]) -> Iterator[Metric]:
    limit = Identity(name="gym.load.rate_limit", service=LOAD_GENERATOR)
    yield gauge(limit, np.nan_to_num(stand["rate_limit_rps"], nan=-1.0))
    # The cost is known of the whole stand alone, so its entry reports it all.
    entry = application.services[1].name
    requested = Identity(
        name="k8s.container.cpu_request", unit="{cpu}", service=entry, attributes=(("k8s.container.name", entry),)
    )
    yield gauge(requested, stand["resource_cost_millicores"] / 1000.0)
