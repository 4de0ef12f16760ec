"""Actors -> clusters: each actor of a fill plays on one cluster, where Ray has room for it and a stand is free.

A node offers live stands as the custom resource `stand_<cluster>`; an actor takes one of it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from clusters.k3s.inventory import ClusterSpec, Inventory
from ray_configs.errors import UserError


def resource_of(cluster: ClusterSpec) -> str:
    """Ray's custom resource for the stands of a cluster."""
    return f"stand_{cluster.name}"


def stand_resources(inventory: Inventory) -> dict[str, float]:
    """What one node alone offers, where it may hold every stand of the inventory."""
    return {resource_of(cluster): float(cluster.stands) for cluster in inventory.clusters}


class ClusterDeal:
    """Which cluster the next actor plays on."""

    def __init__(self, inventory: Inventory, *, offered: Mapping[str, float], free: Mapping[str, int]) -> None:
        """Look at what there is.

        Args:
            inventory: the clusters.
            offered: Ray's resources.
            free: cluster -> stands that nobody holds.

        Raises:
            UserError: Ray offers no stand of any of the clusters.
        """
        self._inventory = inventory
        self._room = {
            cluster.name: min(offered.get(resource_of(cluster), 0.0), float(free.get(cluster.name, 0)))
            for cluster in inventory.clusters
            if offered.get(resource_of(cluster), 0.0) >= 1
        }
        self._taken: Counter[str] = Counter()
        if not self._room:
            wanted = ", ".join(f'"{name}": {number:.0f}' for name, number in stand_resources(inventory).items())
            raise UserError(
                "no node of this Ray offers a live stand of the inventory's clusters: start nodes with "
                f"--resources='{{{wanted}}}'"
            )

    def take(self) -> ClusterSpec:
        """The cluster with the most stands left; where all are taken, Ray or the lease makes the actor wait."""
        name = max(self._room, key=lambda cluster: self._room[cluster] - self._taken[cluster])
        self._taken[name] += 1
        return self._inventory.cluster(name)

    def give_back(self, cluster: ClusterSpec) -> None:
        """An actor of this cluster is gone for good."""
        self._taken[cluster.name] -= 1


def only(inventory: Inventory, cluster: ClusterSpec) -> Inventory:
    """The inventory of an actor that plays on this cluster."""
    return replace(inventory, clusters=(cluster,))
