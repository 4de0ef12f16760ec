"""`install --apply` on a real API server: it accepts every object, twice, and the pods get ready."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clusters.documents import to_document
from clusters.k3s.inventory import ClusterSpec, ContainerSource, EdgeSource, Inventory, ObjectSource, TelemetrySpec
from clusters.k3s.plane.arguments import InstallArguments
from tests.cluster.patience import eventually

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi

pytestmark = pytest.mark.cluster


@pytest.fixture(name="installed")
def make_installed(emulated_spec: ClusterSpec, emulated_api: "KubeApi", tmp_path: Path) -> Iterator[ClusterSpec]:
    """The plane with most parts: it goes afterwards with what it has outside its namespace."""
    from clusters.k3s.kinds import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, NAMESPACE
    from clusters.k3s.plane.install import install_command

    namespace = f"gym-test-plane-{secrets.token_hex(3)}"
    telemetry = TelemetrySpec(
        prometheus_url="http://localhost:30090",
        otlp_endpoint=f"http://gateway.{namespace}:4318",
        namespace=namespace,
        edges=EdgeSource.SERVICE_GRAPH,
        containers=ContainerSource.KUBELETSTATS,
        objects=ObjectSource.K8S_CLUSTER,
    )
    spec = replace(emulated_spec, telemetry=telemetry)
    path = tmp_path / "inventory.yaml"
    path.write_text(json.dumps(to_document(Inventory(clusters=(spec,)))))
    try:
        install_command(InstallArguments(config=path, apply=True))
        before = versions(emulated_api, spec)
        install_command(InstallArguments(config=path, apply=True))
        assert versions(emulated_api, spec) == before, "a second time changes nothing"
        yield spec
    finally:
        for name in ("gateway", "prometheus"):
            for kind in (CLUSTER_ROLE_BINDING, CLUSTER_ROLE):
                emulated_api.delete(kind, f"otel-control-gym-{namespace}-{name}")
        emulated_api.delete(NAMESPACE, namespace)


def versions(api: "KubeApi", spec: ClusterSpec) -> dict[tuple[str, str], int]:
    """Generation of everything that has one, and its absence of everything else."""
    from clusters.k3s.kinds import kind_of
    from clusters.k3s.plane.documents import plane_documents

    found = {}
    for document in plane_documents(spec, "gym"):
        metadata = document["metadata"]
        there = api.get(kind_of(document), metadata["name"], metadata.get("namespace", ""))
        found[document["kind"], metadata["name"]] = int(there["metadata"].get("generation", 0))
    return found


def test_a_plane_is_applied_twice_and_gets_ready(installed: ClusterSpec, emulated_api: "KubeApi") -> None:
    from clusters.k3s.kinds import DAEMON_SET, DEPLOYMENT, NODE, SERVICE

    namespace = installed.telemetry.namespace
    num_nodes = len(emulated_api.list(NODE))

    def num_ready() -> tuple[int, ...]:
        found = [emulated_api.get(DEPLOYMENT, name, namespace)["status"] for name in ("gateway", "prometheus")]
        agents = emulated_api.get(DAEMON_SET, "agent", namespace)["status"]
        return *(status.get("readyReplicas", 0) for status in found), agents.get("numberReady", 0)

    eventually(lambda: num_ready() == (1, 1, num_nodes), seconds=120.0)
    service = emulated_api.get(SERVICE, "gateway", namespace)
    assert {port["port"] for port in service["spec"]["ports"]} == {4317, 4318}
