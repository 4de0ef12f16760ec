"""Inventories of a test's own, and what they leave behind."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

from clusters.k3s.api import KubeApi
from clusters.k3s.collection import collect, remove
from clusters.k3s.connection import connect
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import NAMESPACE
from clusters.k3s.roster import read_roster


@contextmanager
def scratch_inventory(*clusters: ClusterSpec, stands: int = 2, lease_seconds: float = 30.0) -> Iterator[Inventory]:
    """Clusters under a prefix that nobody else has; all of the prefix is removed afterwards, held or not."""
    with scratch_inventories() as make:
        yield make(*clusters, stands=stands, lease_seconds=lease_seconds)


class MakeInventory(Protocol):
    """Makes inventories, each under a prefix that nobody else has."""

    def __call__(self, *clusters: ClusterSpec, stands: int = 2, lease_seconds: float = 30.0) -> Inventory: ...


@contextmanager
def scratch_inventories() -> Iterator[MakeInventory]:
    """Any number of inventories, all cleaned up together: a namespace takes seconds to go, spent waiting."""
    made: list[Inventory] = []

    def make(*clusters: ClusterSpec, stands: int = 2, lease_seconds: float = 30.0) -> Inventory:
        made.append(
            Inventory(
                clusters=tuple(replace(cluster, stands=stands) for cluster in clusters),
                namespace_prefix=f"gym-test-{secrets.token_hex(3)}",
                lease_seconds=lease_seconds,
            )
        )
        return made[-1]

    try:
        yield make
    finally:
        places = [(cluster, inventory) for inventory in made for cluster in inventory.clusters]
        with ThreadPoolExecutor(len(places) or 1) as pool:
            list(pool.map(lambda place: _remove_all(*place), places))


def _remove_all(cluster: ClusterSpec, inventory: Inventory) -> None:
    api = connect(cluster)
    with ThreadPoolExecutor(8) as pool:
        records = read_roster(api, inventory.namespace_prefix)
        list(pool.map(lambda record: remove(api, record, inventory, force=True), records))
    collect(api, inventory, keep_warm=False)
    assert not read_roster(api, inventory.namespace_prefix)


def ours(api: KubeApi, inventory: Inventory) -> list[str]:
    """Every namespace of the inventory's prefix, labelled or not."""
    names = [item["metadata"]["name"] for item in api.list(NAMESPACE)]
    return [name for name in names if name.startswith(inventory.namespace_prefix)]


def written(inventory: Inventory, folder: Path) -> Path:
    """The inventory as a YAML file: JSON is YAML."""
    path = folder / "stands.yaml"
    path.write_text(json.dumps(asdict(inventory)))
    return path
