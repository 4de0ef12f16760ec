"""What every stand's objects have, whatever the application and the kind of its images."""

import json
from dataclasses import replace
from typing import Any

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.k3s.capacity import quantity, stand_need
from clusters.k3s.inventory import ClusterSpec, ImageKind, ImageSpec, TelemetrySpec
from clusters.k3s.objects import stand_objects
from clusters.k3s.objects.names import COMPONENT_LABEL, CONFIG_ANNOTATION
from clusters.k3s.objects.resources import application_memory_bytes, pod_limits, quantities, resources
from clusters.stand import StandError
from clusters.topology import LOAD_GENERATOR, Application

Document = dict[str, Any]
NAMESPACE = "gym-shop-abc"
BOTH = pytest.mark.parametrize("kind", ImageKind)
EACH = pytest.mark.parametrize("name", APPLICATIONS)


def _cluster(kind: ImageKind, endpoint: str = "http://gateway.telemetry:4318") -> ClusterSpec:
    telemetry = TelemetrySpec(prometheus_url="http://prometheus", otlp_endpoint=endpoint)
    return ClusterSpec(name="here", telemetry=telemetry, images=ImageSpec(kind=kind))


def _objects(application: Application, kind: ImageKind) -> dict[tuple[str, str], Document]:
    documents = stand_objects(application, namespace=NAMESPACE, cluster=_cluster(kind))
    return {(it["kind"], it["metadata"]["name"]): it for it in documents}


def _deployments(application: Application, kind: ImageKind) -> dict[str, Document]:
    return {name: it for (what, name), it in _objects(application, kind).items() if what == "Deployment"}


def _environment(container: Document) -> dict[str, str]:
    return {it["name"]: it.get("value", "") for it in container["env"]}


@EACH
@BOTH
def test_every_container_is_probed_or_helps_one_that_is_and_every_one_has_limits(name: str, kind: ImageKind) -> None:
    for service, deployment in _deployments(load_application(name), kind).items():
        pod = deployment["spec"]["template"]["spec"]
        assert any("readinessProbe" in container for container in pod["containers"]), service
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["resources"]["limits"].keys() == {"cpu", "memory"}, service
            limits, requests = container["resources"]["limits"], container["resources"]["requests"]
            assert all(quantity(requests[key]) <= quantity(limits[key]) for key in limits), service


@EACH
@BOTH
def test_the_baseline_and_a_pod_more_of_each_size_fit_into_the_namespaces_quota(name: str, kind: ImageKind) -> None:
    application = load_application(name)
    need = stand_need(application, kind)
    baseline = [pod_limits(service, kind) for service in application.services for _ in range(service.replicas)]
    surge = [pod_limits(service, kind) for service in application.services if service.name != LOAD_GENERATOR]
    assert sum(cpu for cpu, _ in baseline) + max(cpu for cpu, _ in surge) <= need.cpu_millicores
    assert sum(memory for _, memory in baseline) + max(memory for _, memory in surge) <= need.memory_bytes
    assert len(baseline) < need.pods


@EACH
@BOTH
def test_the_pod_limits_are_those_of_the_pods_that_are_built(name: str, kind: ImageKind) -> None:
    application = load_application(name)
    for service, deployment in _deployments(application, kind).items():
        limits = [it["resources"]["limits"] for it in deployment["spec"]["template"]["spec"]["containers"]]
        cpu, memory = pod_limits(application.service(service), kind)
        assert sum(quantity(it["cpu"]) for it in limits) * 1000 == pytest.approx(cpu)
        assert sum(quantity(it["memory"]) for it in limits) == pytest.approx(memory)


@EACH
@BOTH
def test_a_service_finds_its_own_pods_and_consumers_have_none(name: str, kind: ImageKind) -> None:
    application = load_application(name)
    objects = _objects(application, kind)
    for service in application.services:
        assert (("Service", service.name) in objects) == (service.port is not None)
        pod = objects["Deployment", service.name]["spec"]["template"]
        assert pod["metadata"]["labels"][COMPONENT_LABEL] == service.name
        assert pod["spec"]["containers"][0]["name"] == service.name
        if service.port is not None:
            spec = objects["Service", service.name]["spec"]
            assert spec["selector"].items() <= pod["metadata"]["labels"].items()
            containers = pod["spec"]["containers"]
            open_ports = {port["containerPort"] for it in containers for port in it.get("ports", ())}
            assert {port["targetPort"] for port in spec["ports"]} <= open_ports
            assert spec["ports"][0]["port"] == service.port


def test_a_synthetic_pod_has_its_plan_and_every_switch_at_its_baseline() -> None:
    application = load_application("small-core")
    objects = _objects(application, ImageKind.SYNTHETIC)
    plans = objects["ConfigMap", "synthetic"]["data"]
    assert plans.keys() == {f"{name}.json" for name in application.service_names}
    assert json.loads(plans["cart.json"])["service"] == "cart"
    checkout = _environment(objects["Deployment", "checkout"]["spec"]["template"]["spec"]["containers"][0])
    assert (checkout["GYM_SERVICE"], checkout["GYM_RELEASE"], checkout["GYM_GROUPS_OFF"]) == ("checkout", "", "")
    assert checkout["GYM_FLAG_checkoutCartClient"] == "v1"
    assert not [key for key in checkout if key.startswith("GYM_FLAG_") and key != "GYM_FLAG_checkoutCartClient"]
    assert f"k8s.namespace.name={NAMESPACE}" in checkout["OTEL_RESOURCE_ATTRIBUTES"]
    assert checkout["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://gateway.telemetry:4318"


def test_a_changed_plan_is_a_rollout_of_its_service_alone() -> None:
    application = load_application("small-core")
    slower = replace(application.service("quote"), workers_per_replica=3)
    changed = replace(application, services=tuple(slower if it.name == "quote" else it for it in application.services))
    before, after = (
        {
            name: it["spec"]["template"]["metadata"]["annotations"][CONFIG_ANNOTATION]
            for name, it in _deployments(version, ImageKind.SYNTHETIC).items()
        }
        for version in (application, changed)
    )
    assert {name for name in before if before[name] != after[name]} == {"quote"}


def test_demo_images_send_to_the_inventorys_host_alone() -> None:
    for name, deployment in _deployments(load_application("async-store"), ImageKind.DEMO).items():
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            environment = _environment(container) if "env" in container else {}
            if name == LOAD_GENERATOR:
                assert environment["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://gateway.telemetry:4318"
            elif "OTEL_SERVICE_NAME" in environment:
                assert environment["OTEL_COLLECTOR_NAME"] == "gateway.telemetry", name


def test_the_load_generator_is_ours_with_either_kind_of_images() -> None:
    application = load_application("small-core")
    cluster = _cluster(ImageKind.DEMO)
    objects = _objects(application, ImageKind.DEMO)
    assert objects["ConfigMap", "synthetic"]["data"].keys() == {"load-generator.json"}
    container = objects["Deployment", LOAD_GENERATOR]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == cluster.images.synthetic
    demo, synthetic = (
        json.loads(_objects(application, kind)["ConfigMap", "synthetic"]["data"]["load-generator.json"])["requests"][1]
        for kind in (ImageKind.DEMO, ImageKind.SYNTHETIC)
    )
    assert (demo["method"], demo["path"]) == ("GET", "/api/products/{product}") and len(demo["products"]) == 10
    assert not synthetic["path"]
    silent = replace(application, request_types=tuple(replace(it, http=None) for it in application.request_types))
    with pytest.raises(StandError, match=r"small-core cannot be run by demo images: .*index"):
        stand_objects(silent, namespace=NAMESPACE, cluster=cluster)


def test_demo_images_cannot_be_told_another_port_and_synthetic_ones_can() -> None:
    application = load_application("small-core")
    with pytest.raises(StandError, match=r"cluster here: .* 4317 and 4318 .* 'http://gateway:9999'"):
        stand_objects(application, namespace=NAMESPACE, cluster=_cluster(ImageKind.DEMO, "http://gateway:9999"))
    assert stand_objects(application, namespace=NAMESPACE, cluster=_cluster(ImageKind.SYNTHETIC, "http://gateway:9999"))


def test_an_application_without_images_is_for_synthetic_ones() -> None:
    application = load_application("small-core")
    bare = replace(application, services=tuple(replace(it, kubernetes=None) for it in application.services))
    with pytest.raises(StandError, match=r"no `kubernetes` part .* images.kind to synthetic"):
        stand_objects(bare, namespace=NAMESPACE, cluster=_cluster(ImageKind.DEMO))
    ports = _objects(bare, ImageKind.SYNTHETIC)["Service", "flagd"]["spec"]["ports"]
    assert [(port["name"], port["port"]) for port in ports] == [("rpc", 8013), ("ofrep", 8016), ("tcp-service-0", 4000)]


def test_limits_are_read_back_as_the_application_knows_them() -> None:
    service = load_application("small-core").service("shipping")
    for kind in ImageKind:
        limits = resources(service, kind, memory_bytes=3.0 * 2**20)["limits"]
        assert application_memory_bytes(quantity(limits["memory"]), kind) == 3.0 * 2**20


def test_a_request_never_exceeds_a_lowered_limit() -> None:
    service = load_application("small-core").service("recommendation")
    built = resources(service, ImageKind.DEMO, cpu_millicores=100.0, cpu_request_millicores=400.0)
    assert built["requests"]["cpu"] == built["limits"]["cpu"] == "100m"


@pytest.mark.parametrize(
    ("millicores", "num_bytes", "written"),
    [
        (120.0, 75.0 * 2**20, ("120m", "75Mi")),
        (2000.0, 2.0 * 2**30, ("2", "2Gi")),
        (1500.4, 1000.0, ("1500m", "1000")),
    ],
)
def test_quantities_are_written_as_the_api_server_keeps_them(
    millicores: float, num_bytes: float, written: tuple[str, str]
) -> None:
    assert tuple(quantities(millicores, num_bytes).values()) == written
