"""Every inventory of clusters that ships can be read, and says what it claims to."""

from pathlib import Path

import pytest

import ray_configs
from clusters.k3s.inventory import ImageKind, Inventory
from ray_configs.loading import load

STANDS = Path(ray_configs.__file__).parent / "stands"
CLUSTERS = {"local": 1, "onprem": 2, "demo-images": 1}


def test_every_file_is_known() -> None:
    assert {path.stem for path in STANDS.glob("*.yaml")} == set(CLUSTERS)


@pytest.mark.parametrize("name", CLUSTERS)
def test_it_loads(name: str) -> None:
    assert len(load(STANDS / f"{name}.yaml", Inventory).clusters) == CLUSTERS[name]


def test_demo_images_are_the_demos_own() -> None:
    inventory = load(STANDS / "demo-images.yaml", Inventory)
    assert {cluster.images.kind for cluster in inventory.clusters} == {ImageKind.DEMO}
