"""What tests on a real Kubernetes share: connections, a scratch namespace, one telemetry plane, live stands."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clusters.applications import load_application
from clusters.k3s.inventory import ClusterSpec, Inventory, TelemetrySpec
from tests.cluster.environment import KUBECONFIG, NO_CLUSTER, emulated_cluster, needed, real_cluster

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi
    from clusters.k3s.context import StandContext
    from clusters.k3s.stand import K3sStand
    from clusters.k3s.telemetry.reader import ClusterReader

TIMEOUT_SECONDS = 420
"""Of one test: a stand may have to come up first."""
RATE_RATIO = 0.04
"""Share of an application's load that is sent: what two stands carry on a machine with two busy cores."""
LATENCY_RATIO = 3.0
"""Of a healthy stand's p95 to its objective, where pods, the control plane and the tests share those two cores."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A time-out of their own for tests on a cluster, unless they set one."""
    for item in items:
        if item.get_closest_marker("cluster") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly when no cluster was tested."""
    skipped = terminalreporter.stats.get("skipped", [])
    number = sum("cluster" in report.keywords for report in skipped)
    if number and not os.environ.get(KUBECONFIG):
        terminalreporter.write_line(f"{number} tests on a cluster were skipped: {NO_CLUSTER}", yellow=True)


@pytest.fixture(scope="session")
def cluster_spec() -> ClusterSpec:
    """The real cluster, without telemetry."""
    return real_cluster()


@pytest.fixture(scope="session")
def api(cluster_spec: ClusterSpec) -> "KubeApi":
    """A connection to it with all the rights that its kubeconfig has."""
    from clusters.k3s.connection import connect

    return connect(cluster_spec)


@pytest.fixture(scope="session")
def emulated_spec() -> ClusterSpec:
    """The cluster with emulated nodes."""
    return emulated_cluster()


@pytest.fixture(scope="session")
def emulated_api(emulated_spec: ClusterSpec) -> "KubeApi":
    """A connection to it."""
    from clusters.k3s.connection import connect

    return connect(emulated_spec)


@pytest.fixture
def namespace(api: "KubeApi", request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of this test's own, with our label, gone afterwards."""
    yield from scratch_namespace(api, request.node.originalname or "test")


@pytest.fixture(scope="module")
def module_namespace(api: "KubeApi") -> Iterator[str]:
    """The same for all tests of a module."""
    yield from scratch_namespace(api, "module")


def scratch_namespace(api: "KubeApi", word: str) -> Iterator[str]:
    """A labelled namespace while the generator is suspended."""
    from clusters.k3s.api import MANAGED_LABEL
    from clusters.k3s.kinds import NAMESPACE

    words = "".join(letter if letter.isalnum() else "-" for letter in word.lower().removeprefix("test_"))
    name = f"gym-test-{words[:30].strip('-')}-{secrets.token_hex(3)}"
    labels = {MANAGED_LABEL: "true"}
    api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}})
    try:
        yield name
    finally:
        api.delete(NAMESPACE, name)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory, cluster_spec: ClusterSpec) -> Iterator[TelemetrySpec]:
    """A collector and a Prometheus of this session's own, which the pods of the cluster reach."""
    from tests.plane import telemetry_plane

    folder = tmp_path_factory.mktemp("plane")
    with telemetry_plane(folder, kubeconfig=cluster_spec.kubeconfig, context=cluster_spec.context) as spec:
        yield spec


@pytest.fixture(scope="session")
def live_inventory(cluster_spec: ClusterSpec, plane: TelemetrySpec) -> Iterator[Inventory]:
    """The real cluster with the telemetry plane; whatever is placed by it is gone afterwards."""
    from tests.cluster.placing import scratch_inventory

    needed("GYM_SYNTHETIC_IMAGE")
    with scratch_inventory(replace(cluster_spec, telemetry=plane)) as inventory:
        yield replace(inventory, rate_ratio=RATE_RATIO, latency_ratio=LATENCY_RATIO)


@pytest.fixture(scope="session")
def tiny(api: "KubeApi", cluster_spec: ClusterSpec) -> Iterator["StandContext"]:
    """A ready stand of five pods, for what can be done to one. Whoever uses it leaves it as it was."""
    from tests.cluster.tiny_stand import tiny_stand

    needed("GYM_SYNTHETIC_IMAGE")
    with tiny_stand(api, cluster_spec, f"gym-test-tiny-{secrets.token_hex(3)}") as context:
        yield context


@pytest.fixture(scope="session")
def reader(live_inventory: Inventory) -> Iterator["ClusterReader"]:
    """Reads the telemetry of all live stands of this session."""
    from clusters.k3s.telemetry.reader import ClusterReader

    opened = ClusterReader(live_inventory.clusters[0], live_inventory)
    try:
        yield opened
    finally:
        opened.close()


@pytest.fixture(scope="session")
def small_core_stand(live_inventory: Inventory, reader: "ClusterReader") -> Iterator["K3sStand"]:
    """One live small-core stand for all tests: whoever uses it resets it first, and leaves it open."""
    from clusters.k3s.stand import K3sStand

    stand = K3sStand(load_application("small-core"), live_inventory, sources=lambda cluster: reader, holder="tests")
    try:
        yield stand
    finally:
        stand.close()
