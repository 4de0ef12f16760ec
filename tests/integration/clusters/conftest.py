"""One real Prometheus for the tests of this folder."""

from collections.abc import Callable, Iterator

import pytest

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
from clusters.k3s.plane.prometheus import PrometheusPlan, prometheus_config
from clusters.k3s.telemetry.reader import ClusterReader
from tests.plane import running_prometheus


@pytest.fixture(scope="package", name="prometheus_url")
def make_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_prometheus(tmp_path_factory.mktemp("prometheus"), prometheus_config(PrometheusPlan())) as url:
        yield url


@pytest.fixture(name="open_reader")
def make_open_reader(prometheus_url: str) -> Iterator[Callable[[EdgeSource], ClusterReader]]:
    """Readers of what `clusters.expose` puts there: its samples have the buckets' own times."""
    opened: list[ClusterReader] = []

    def open_reader(edges: EdgeSource = EdgeSource.SERVICE_GRAPH) -> ClusterReader:
        telemetry = TelemetrySpec(
            prometheus_url=prometheus_url,
            otlp_endpoint=prometheus_url,
            lag_seconds=0.0,
            edges=edges,
            containers=ContainerSource.KUBELETSTATS,
            objects=ObjectSource.K8S_CLUSTER,
        )
        spec = ClusterSpec(name="exposed", telemetry=telemetry, images=ImageSpec(kind=ImageKind.DEMO))
        opened.append(ClusterReader(spec, Inventory(clusters=(spec,))))
        return opened[-1]

    yield open_reader
    for reader in opened:
        reader.close()
