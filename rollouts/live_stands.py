"""A live stand as an actor holds it, and what its runs say they were played on.

Nothing here imports Kubernetes' client before a stand is built.
"""

import os
import socket
from typing import TYPE_CHECKING

from clusters.applications import load_application
from clusters.k3s.inventory import ImageKind, Inventory
from rollouts.dataset.metadata import Deployment
from rollouts.live_readers import source_of

DEMO_CHART = "0.40.10"
"""Version of the chart whose images and settings stands of the kind `demo` have."""

if TYPE_CHECKING:
    from clusters.k3s.stand import K3sStand


def live_stand(
    application: str, inventory: Inventory, *, bucket_seconds: float, has_shared_readers: bool
) -> "K3sStand":
    """One live stand; it is placed at its first reset.

    Raises:
        UserError: there is no such application.
    """
    from clusters.k3s.stand import K3sStand

    return K3sStand(
        load_application(application),
        inventory,
        sources=lambda cluster: source_of(cluster, inventory, is_shared=has_shared_readers),
        holder=f"{socket.gethostname()}/{os.getpid()}",
        bucket_seconds=bucket_seconds,
    )


def live_deployment(stand: "K3sStand") -> Deployment:
    """What a placed stand runs on.

    Raises:
        StandError: its cluster does not answer.
    """
    cluster = stand.cluster
    absent = {"collector_config_hash": f"the collector is cluster {cluster.name}'s own: its configuration is not read"}
    if cluster.images.kind is ImageKind.SYNTHETIC:
        absent["chart_versions"] = f"no chart was installed: all pods run {cluster.images.synthetic}"
    return Deployment(
        backend="k3s",
        chart_versions={} if cluster.images.kind is ImageKind.SYNTHETIC else {"opentelemetry-demo": DEMO_CHART},
        kubernetes_version=stand.kubernetes_version(),
        collector_config_hash=None,
        absent_because=absent,
    )
