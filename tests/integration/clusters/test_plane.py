"""A real collector and Prometheus make of spans and metrics what the reader expects, and lose nothing."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
import yaml
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from clusters.commands import FailService
from clusters.expose.expose import expose
from clusters.k3s.inventory import (
    ClusterSpec,
    ContainerSource,
    ImageKind,
    ImageSpec,
    Inventory,
    ObjectSource,
    TelemetrySpec,
)
from clusters.k3s.plane.burn_rates import burn_rate_rules
from clusters.k3s.plane.collector import CollectorPlan, PrometheusExport, collector_config
from clusters.k3s.plane.documents import gateway_plan, plane_documents
from clusters.k3s.plane.prometheus import PrometheusPlan, prometheus_config
from clusters.k3s.telemetry.reader import ClusterReader
from clusters.simulated.stands import SimulatedStands
from clusters.streams import StreamsSpec
from clusters.telemetry import TelemetryWindow
from tests.integration.clusters.small_application import SMALL
from tests.plane import binary, free_port, running, running_prometheus, telemetry_plane
from tests.stands import edge, journey, node, scenario, stand

NAMESPACE = "gym-plane"
BUCKET_NS = 5 * 10**9
NUM_REQUESTS, NUM_FAILED, NUM_RETRIED = 200, 30, 20


@pytest.fixture(scope="module", name="telemetry")
def make_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelemetrySpec]:
    with telemetry_plane(tmp_path_factory.mktemp("plane"), sample_seconds=1.0) as spec:
        yield replace(spec, lag_seconds=6.0, containers=ContainerSource.CADVISOR, objects=ObjectSource.K8S_CLUSTER)


@pytest.fixture(name="reader")
def make_reader(telemetry: TelemetrySpec) -> Iterator[ClusterReader]:
    spec = ClusterSpec(name="local", telemetry=telemetry, images=ImageSpec(kind=ImageKind.DEMO))
    reader = ClusterReader(spec, Inventory(clusters=(spec,)))
    yield reader
    reader.close()


def resource(service: str) -> Resource:
    return Resource({"service.name": service, "k8s.namespace.name": NAMESPACE, "service.instance.id": f"{service}-1"})


def tracer_of(service: str, endpoint: str) -> tuple[Tracer, Callable[[], None]]:
    provider = TracerProvider(resource=resource(service), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces")))
    return provider.get_tracer("test"), provider.shutdown


def meter_of(service: str, endpoint: str) -> tuple[Meter, Callable[[], None]]:
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{endpoint}/v1/metrics"), export_interval_millis=500)
    provider = MeterProvider(resource=resource(service), metric_readers=[reader], shutdown_on_exit=False)
    return provider.get_meter("test"), provider.shutdown


def test_every_span_and_every_request_is_counted_once(telemetry: TelemetrySpec, reader: ClusterReader) -> None:
    start_ns = time.time_ns()
    shop, close_shop = tracer_of("shop", telemetry.otlp_endpoint)
    meter, close_meter = meter_of("load-generator", telemetry.otlp_endpoint)
    requests, limit = meter.create_counter("gym.journey.requests"), meter.create_gauge("gym.load.rate_limit")
    depth = meter.create_up_down_counter("http.server.active_requests", unit="{request}")
    depth.add(3)
    limit.set(7.5)
    for number in range(NUM_REQUESTS):
        _one_request(shop, number)
        requests.add(1, {"journey": "buy", "outcome": "failed" if number < NUM_FAILED else "good"})
        time.sleep(0.02)
    time.sleep(1.0)
    close_shop()
    # The load generator lives on while its last numbers are taken.
    time.sleep(telemetry.lag_seconds + 4.0)
    told = _read(reader, start_ns)
    close_meter()
    seconds = told.bucket_seconds
    assert np.nansum(node(told, "shop", "request_rate_rps", SMALL)) * seconds == pytest.approx(NUM_REQUESTS)
    assert np.nansum(edge(told, "shop", "stock", "request_rate_rps", SMALL)) * seconds == pytest.approx(NUM_REQUESTS)
    assert np.nansum(edge(told, "shop", "stock", "retry_rate_rps", SMALL)) * seconds == pytest.approx(NUM_RETRIED)
    assert np.nansum(journey(told, "buy", "offered_rate_rps", SMALL)) * seconds == pytest.approx(NUM_REQUESTS)
    for ratio, rate in (
        (node(told, "shop", "error_ratio", SMALL), node(told, "shop", "request_rate_rps", SMALL)),
        (journey(told, "buy", "error_ratio", SMALL), journey(told, "buy", "offered_rate_rps", SMALL)),
    ):
        assert np.nansum(ratio * rate) * seconds == pytest.approx(NUM_FAILED)
        assert np.isnan(ratio[rate == 0.0]).all()
    assert np.nanmax(stand(told, "rate_limit_rps")) == 7.5
    assert np.nanmax(node(told, "load-generator", "queue_depth", SMALL)) == 3.0
    assert 2.0 <= np.nanmedian(node(told, "shop", "latency_mean_milliseconds", SMALL)) <= 50.0
    _check_spans(reader, start_ns)


def _one_request(tracer: Tracer, number: int) -> None:
    retry = "true" if number < NUM_RETRIED else "false"
    attributes = {"server.address": "stock:8080", "gym.retry": retry}
    with tracer.start_as_current_span("Do", kind=SpanKind.SERVER) as server:
        if number < NUM_FAILED:
            server.set_status(Status(StatusCode.ERROR))
        with tracer.start_as_current_span("Do", kind=SpanKind.CLIENT, attributes=attributes):
            time.sleep(0.002)


def _read(reader: ClusterReader, start_ns: int) -> TelemetryWindow:
    """From the first request until now, as late as the lag wants it."""
    end_ns = (time.time_ns() - 6 * 10**9) // BUCKET_NS * BUCKET_NS
    num_buckets = (end_ns - start_ns) // BUCKET_NS + 2
    return reader.window(SMALL, NAMESPACE, end_ns=end_ns, window_seconds=5.0 * num_buckets, bucket_seconds=5.0)


def _check_spans(reader: ClusterReader, start_ns: int) -> None:
    spec = StreamsSpec(spans=True, traces_per_bucket=10**6)
    spans = reader.streams(SMALL, NAMESPACE, start_ns, time.time_ns(), spec).spans
    assert len(spans) == 2 * NUM_REQUESTS
    assert len({span.trace_id for span in spans}) == NUM_REQUESTS
    assert {(span.service, span.span_kind) for span in spans} == {("shop", "SERVER"), ("shop", "CLIENT")}
    assert sum(span.status == "ERROR" for span in spans) == NUM_FAILED


def test_promtool_and_the_collector_accept_the_configurations(tmp_path: Path) -> None:
    promtool = binary("GYM_PROMETHEUS").with_name("promtool")
    if not promtool.is_file():
        pytest.skip("there is no promtool beside GYM_PROMETHEUS")
    telemetry = TelemetrySpec(prometheus_url="http://p", otlp_endpoint="http://g")
    spec = ClusterSpec(name="x", telemetry=telemetry)
    (files,) = (
        document["data"]
        for document in plane_documents(spec, "gym")
        if document["kind"] == "ConfigMap" and document["metadata"]["name"] == "prometheus"
    )
    for name, text in files.items():
        (tmp_path / name).write_text(text.replace("/etc/prometheus", str(tmp_path)))
    # The service account's files are only in a pod.
    checked = subprocess.run(
        [promtool, "check", "config", "--syntax-only", tmp_path / "prometheus.yml"], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    rules = subprocess.run([promtool, "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True)
    assert rules.returncode == 0, rules.stdout + rules.stderr
    # Pushing needs an exporter that not every collector has.
    plan = replace(gateway_plan(spec), export=PrometheusExport(scrape_endpoint="127.0.0.1:1"))
    _validate(plan, tmp_path / "gateway.yaml")
    _validate(replace(plan, has_pod_attributes=True, spans_endpoint="127.0.0.1:4"), tmp_path / "attributes.yaml")


def _validate(plan: CollectorPlan, path: Path) -> None:
    path.write_text(yaml.safe_dump(collector_config(plan)))
    checked = subprocess.run([binary("GYM_OTELCOL"), "validate", f"--config={path}"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_alertmanager_hears_of_the_stand_that_burns_its_budget_and_of_no_other(tmp_path: Path) -> None:
    alertmanager = binary("GYM_ALERTMANAGER")
    address = f"127.0.0.1:{free_port()}"
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(burn_rate_rules("gym", sample_seconds=1.0)))
    plan = PrometheusPlan(sample_seconds=1.0, rule_files=(str(tmp_path / "rules.yml"),), alertmanagers=(address,))
    command = [
        alertmanager,
        f"--config.file={tmp_path / 'alertmanager.yml'}",
        f"--web.listen-address={address}",
        f"--storage.path={tmp_path / 'alerts'}",
        "--cluster.listen-address=",
    ]
    with (
        running(command, f"http://{address}/-/ready", tmp_path / "alertmanager.log"),
        running_prometheus(tmp_path / "prometheus", prometheus_config(plan)) as url,
    ):
        # What fires before Prometheus has found its Alertmanager is sent again after a minute only.
        _wait_for(
            lambda: httpx.get(f"{url}/api/v1/alertmanagers", trust_env=False).json()["data"]["activeAlertmanagers"]
        )
        _play(url, "gym-well", is_broken=False)
        _play(url, "gym-broken", is_broken=True)
        _wait_for(lambda: len(httpx.get(f"http://{address}/api/v2/alerts", trust_env=False).json()) >= 2)
        alerts = httpx.get(f"http://{address}/api/v2/alerts", trust_env=False).json()
    assert {alert["labels"]["k8s_namespace_name"] for alert in alerts} == {"gym-broken"}
    assert {alert["labels"]["severity"] for alert in alerts} == {"page", "ticket"}
    assert "buy of gym-broken burns its error budget" in alerts[0]["annotations"]["summary"]


def _play(url: str, namespace: str, *, is_broken: bool) -> None:
    stands = SimulatedStands(SMALL, 1)
    stands.reset([0], [scenario(SMALL.nominal_rate_rps, application=SMALL)], [1])
    if is_broken:
        stands.apply(0, FailService(fault_id="outage", service="stock"))
    stands.advance(180.0)
    played = stands.observe(180.0, 10.0).of_stand(0).latest(18)
    # The rules look at this moment, so the last sample is of just now.
    expose(SMALL, played, url, namespace=namespace, end_ns=time.time_ns())


def _wait_for(condition: Callable[[], object], seconds: float = 40.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.3)
