"""Live stands for benchmarks: a telemetry plane, an inventory of their own, and one stand that is held."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clusters.applications import load_application
from clusters.k3s.inventory import Inventory
from clusters.k3s.stand import K3sStand
from clusters.k3s.telemetry.reader import ClusterReader
from tests.cluster.conftest import LATENCY_RATIO, RATE_RATIO
from tests.cluster.environment import real_cluster
from tests.cluster.placing import scratch_inventory
from tests.plane import telemetry_plane

APPLICATION = load_application("small-core")


@dataclass(frozen=True, kw_only=True)
class LiveStand:
    """A stand, and what reads it."""

    stand: K3sStand
    reader: ClusterReader
    inventory: Inventory


@contextmanager
def live_inventory(*, stands: int, lease_seconds: float = 30.0) -> Iterator[Inventory]:
    """An inventory with a telemetry plane; everything of it is gone afterwards."""
    cluster = real_cluster()
    with (
        tempfile.TemporaryDirectory(prefix="gym-plane-") as folder,
        telemetry_plane(Path(folder), kubeconfig=cluster.kubeconfig, context=cluster.context) as telemetry,
        scratch_inventory(
            replace(cluster, telemetry=telemetry), stands=stands, lease_seconds=lease_seconds
        ) as inventory,
    ):
        yield replace(inventory, rate_ratio=RATE_RATIO, latency_ratio=LATENCY_RATIO)


@contextmanager
def live_stand() -> Iterator[LiveStand]:
    """One small-core stand, not reset yet."""
    with live_inventory(stands=1, lease_seconds=60.0) as inventory:
        reader = ClusterReader(inventory.clusters[0], inventory)
        stand = K3sStand(APPLICATION, inventory, sources=lambda cluster: reader, holder="benchmark")
        try:
            yield LiveStand(stand=stand, reader=reader, inventory=inventory)
        finally:
            stand.close()
            reader.close()
