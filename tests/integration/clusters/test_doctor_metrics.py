"""What the doctor says of a real Prometheus: one that is not there, is new, has old samples only, and has all."""

import time
from collections.abc import Iterator

import pytest
from kubernetes.client import ApiClient

from clusters.applications import load_application
from clusters.expose.expose import expose
from clusters.k3s.api import KubeApi
from clusters.k3s.doctor.metrics import metrics
from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.inventory import ClusterSpec, ContainerSource, EdgeSource, Inventory, ObjectSource, TelemetrySpec
from clusters.k3s.plane.prometheus import PrometheusPlan, prometheus_config
from clusters.simulated.stands import SimulatedStands
from tests.plane import free_port, running_prometheus
from tests.stands import scenario

STORE = load_application("async-store")
NUM_BUCKETS, BUCKET_SECONDS = 12, 10.0
LONG_AGO_SECONDS = 20 * 60
LEVELS = ("node signals", "edge signals", "journey signals", "stand signals")


@pytest.fixture(scope="module", name="url")
def make_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), prometheus_config(PrometheusPlan())) as url:
        yield url


def look(url: str, *, is_in_use: bool, edges: EdgeSource = EdgeSource.SERVICE_GRAPH) -> dict[str, Point]:
    telemetry = TelemetrySpec(
        prometheus_url=url,
        otlp_endpoint=url,
        edges=edges,
        containers=ContainerSource.KUBELETSTATS,
        objects=ObjectSource.K8S_CLUSTER,
    )
    cluster = ClusterSpec(name="exposed", telemetry=telemetry)
    examination = Examination(
        cluster=cluster,
        inventory=Inventory(clusters=(cluster,)),
        application=STORE,
        api=KubeApi(ApiClient(), cluster="exposed"),
        nodes=(),
        is_in_use=is_in_use,
        may_start_pods=False,
    )
    return {point.topic: point for point in metrics(examination)}


def fill(url: str, *, ago_seconds: float) -> None:
    stands = SimulatedStands(STORE, 1)
    calm = scenario(STORE.nominal_rate_rps, warmup_seconds=NUM_BUCKETS * BUCKET_SECONDS, application=STORE)
    stands.reset([0], [calm], [3])
    played = stands.observe(NUM_BUCKETS * BUCKET_SECONDS, BUCKET_SECONDS).of_stand(0)
    step_ns = round(BUCKET_SECONDS * 1e9)
    end_ns = (time.time_ns() - round(ago_seconds * 1e9)) // step_ns * step_ns
    expose(STORE, played, url, namespace="gym-exposed", end_ns=end_ns)


def test_one_that_is_not_there() -> None:
    points = look(f"http://127.0.0.1:{free_port()}", is_in_use=False)
    assert list(points) == ["Prometheus"]
    assert points["Prometheus"].status is Status.MISSING
    assert "does not answer" in points["Prometheus"].finding
    assert "python -m clusters install" in points["Prometheus"].fix


def test_what_was_never_there_is_told_from_what_is_empty_now(url: str) -> None:
    new = look(url, is_in_use=True)
    assert new["Prometheus"].status is Status.OK
    assert "OTLP receiver" in new["Prometheus intake"].finding
    for topic in ("edges", "container metrics", *LEVELS):
        assert new[topic].status is Status.MISSING, new[topic]
    assert "never seen: request_rate_rps" in new["node signals"].finding
    assert {look(url, is_in_use=False)[topic].status for topic in LEVELS} == {Status.UNKNOWN}

    fill(url, ago_seconds=LONG_AGO_SECONDS)
    old = look(url, is_in_use=True)
    assert "there but empty: request_rate_rps" in old["node signals"].finding
    assert "never seen" not in old["journey signals"].finding
    assert {old[topic].status for topic in LEVELS} == {Status.MISSING}

    fill(url, ago_seconds=0.0)
    now = look(url, is_in_use=True)
    for topic in ("edges", "container metrics", *LEVELS):
        assert now[topic].status is Status.OK, now[topic]
    assert "there is also client_spans" in now["edges"].finding
