"""One set of running services for all tests of the synthetic image."""

from collections.abc import Iterator

import pytest

from tests.integration.clusters.synthetic.pods import Pods, pods_of
from tests.integration.clusters.synthetic.store import STORE


@pytest.fixture(scope="package")
def pods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pods]:
    """Every service of the store, ready."""
    with pods_of(STORE, tmp_path_factory.mktemp("plans")) as running:
        running.start("flagd", "cache", "back", "model", "broker", "worker", "front", "load-generator")
        yield running
