"""Inventories of a test's own, and what they leave behind."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from clusters.k3s.api import KubeApi
from clusters.k3s.collection import collect, remove
from clusters.k3s.connection import connect
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.kinds import NAMESPACE
from clusters.k3s.roster import StandState, read_roster


@contextmanager
def scratch_inventory(*clusters: ClusterSpec, stands: int = 2, lease_seconds: float = 30.0) -> Iterator[Inventory]:
    """Clusters under a prefix that nobody else has; all of the prefix is removed afterwards, held or not."""
    inventory = Inventory(
        clusters=tuple(replace(cluster, stands=stands) for cluster in clusters),
        namespace_prefix=f"gym-test-{secrets.token_hex(3)}",
        lease_seconds=lease_seconds,
    )
    try:
        yield inventory
    finally:
        for cluster in clusters:
            api = connect(cluster)
            for record in read_roster(api, inventory.namespace_prefix):
                if record.state is StandState.HELD:
                    remove(api, record, inventory)
            collect(api, inventory, keep_warm=False)


def ours(api: KubeApi, inventory: Inventory) -> list[str]:
    """Every namespace of the inventory's prefix, labelled or not."""
    names = [item["metadata"]["name"] for item in api.list(NAMESPACE)]
    return [name for name in names if name.startswith(inventory.namespace_prefix)]


def written(inventory: Inventory, folder: Path) -> Path:
    """The inventory as a YAML file: JSON is YAML."""
    path = folder / "stands.yaml"
    path.write_text(json.dumps(asdict(inventory)))
    return path
