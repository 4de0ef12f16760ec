"""The plane that `install` brings up is the one that the inventory promises to its reader."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from clusters.documents import to_document
from clusters.k3s.inventory import (
    ClusterSpec,
    ContainerSource,
    EdgeSource,
    ImageKind,
    ImageSpec,
    Inventory,
    ObjectSource,
    TelemetrySpec,
)
from clusters.k3s.kinds import Document, kind_of
from clusters.k3s.plane.arguments import InstallArguments
from clusters.k3s.plane.collector import CollectorPlan, PrometheusExport
from clusters.k3s.plane.documents import plane_documents
from clusters.k3s.plane.install import install_command
from ray_configs.errors import UserError

DEMO = ClusterSpec(
    name="demo",
    images=ImageSpec(kind=ImageKind.DEMO),
    telemetry=TelemetrySpec(
        prometheus_url="http://p",
        otlp_endpoint="http://gateway.telemetry:4318",
        edges=EdgeSource.SERVICE_GRAPH,
        containers=ContainerSource.KUBELETSTATS,
        objects=ObjectSource.K8S_CLUSTER,
        spans_endpoint="driver:4317",
    ),
)
SYNTHETIC = ClusterSpec(
    name="synthetic",
    telemetry=TelemetrySpec(prometheus_url="http://p", otlp_endpoint="http://gateway.telemetry:4318"),
)


def config(documents: tuple[Document, ...], name: str, file: str) -> Document:
    (found,) = (one for one in documents if one["kind"] == "ConfigMap" and one["metadata"]["name"] == name)
    document: Document = yaml.safe_load(found["data"][file])
    return document


def test_every_object_is_known_to_the_api_and_says_whose_it_is() -> None:
    for cluster in (DEMO, SYNTHETIC):
        documents = plane_documents(cluster, "gym")
        for document in documents:
            kind = kind_of(document)
            assert ("namespace" in document["metadata"]) == kind.is_namespaced, document
            assert document["metadata"]["labels"]["app.kubernetes.io/part-of"] == "otel-control-gym-telemetry"
        keys = [(one["kind"], one["metadata"]["name"]) for one in documents]
        assert len(set(keys)) == len(keys)
        assert keys[0] == ("Namespace", "telemetry")


def test_a_demo_plane_has_the_service_graph_the_kubelets_and_the_objects() -> None:
    documents = plane_documents(DEMO, "gym")
    gateway = config(documents, "gateway", "config.yaml")
    assert gateway["connectors"]["service_graph"]["dimensions"][0] == "k8s.namespace.name"
    pipelines = gateway["service"]["pipelines"]
    assert pipelines["traces"]["exporters"] == ["span_metrics", "service_graph", "otlp_grpc/spans"]
    assert pipelines["metrics"]["receivers"] == ["otlp", "k8s_cluster", "span_metrics", "service_graph"]
    assert pipelines["traces"]["processors"][0] == "k8s_attributes"
    assert "kubeletstats" in config(documents, "agent", "config.yaml")["receivers"]
    assert config(documents, "prometheus", "prometheus.yml")["scrape_configs"] == []


def test_a_synthetic_plane_scrapes_the_kubelets_and_needs_no_agent() -> None:
    documents = plane_documents(SYNTHETIC, "gym")
    assert "DaemonSet" not in {document["kind"] for document in documents}
    gateway = config(documents, "gateway", "config.yaml")
    assert set(gateway["connectors"]) == {"span_metrics"}
    assert {"name": "server.address"} in gateway["connectors"]["span_metrics"]["dimensions"]
    (job,) = config(documents, "prometheus", "prometheus.yml")["scrape_configs"]
    assert job["metrics_path"] == "/metrics/cadvisor"


def test_samples_are_as_often_as_the_inventory_says() -> None:
    often = replace(SYNTHETIC, telemetry=replace(SYNTHETIC.telemetry, sample_seconds=2.0))
    documents = plane_documents(often, "gym")
    gateway = config(documents, "gateway", "config.yaml")
    assert gateway["connectors"]["span_metrics"]["metrics_flush_interval"] == "2000ms"
    assert config(documents, "prometheus", "prometheus.yml")["global"]["scrape_interval"] == "2s"


def test_metrics_go_one_way() -> None:
    for export in ({}, {"otlp_url": "http://p", "scrape_endpoint": "x:1"}):
        with pytest.raises(ValueError, match="exactly one"):
            PrometheusExport(**export)
    assert CollectorPlan(export=PrometheusExport(otlp_url="http://p"), edges=EdgeSource.CLIENT_SPANS).grpc_endpoint


def test_what_is_printed_is_what_would_be_applied(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = inventory_file(tmp_path, SYNTHETIC)
    install_command(InstallArguments(config=path))
    assert list(yaml.safe_load_all(capsys.readouterr().out)) == list(plane_documents(SYNTHETIC, "gym"))


def test_a_plane_outside_the_cluster_is_not_installed(tmp_path: Path) -> None:
    outside = replace(SYNTHETIC, telemetry=replace(SYNTHETIC.telemetry, namespace=""))
    path = inventory_file(tmp_path, outside)
    with pytest.raises(UserError, match="name a namespace"):
        install_command(InstallArguments(config=path))
    with pytest.raises(UserError, match=r"cluster synthetic: .*name a namespace"):
        install_command(InstallArguments(config=path, cluster="synthetic"))
    with pytest.raises(UserError, match="there is no cluster 'north': there are synthetic"):
        install_command(InstallArguments(config=path, cluster="north"))


def inventory_file(folder: Path, cluster: ClusterSpec) -> Path:
    path = folder / "inventory.yaml"
    path.write_text(json.dumps(to_document(Inventory(clusters=(cluster,)))))
    return path
