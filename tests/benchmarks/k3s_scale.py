"""A hundred stands on a cluster of emulated nodes, created by one driver with eight Ray actors.

Pods get ready there without running anything, so what is measured is placement, the API server and the driver itself:
whether any request is throttled, and whether the driver's memory grows with the stands that it has.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import psutil
import ray
from ray.util import ActorPool

from clusters.applications import load_application
from clusters.k3s.api import KubeError
from clusters.k3s.applying import apply_objects
from clusters.k3s.collection import collect
from clusters.k3s.connection import connect
from clusters.k3s.inventory import Inventory
from clusters.k3s.objects import stand_objects
from clusters.k3s.placed_stand import PlacedStand
from clusters.k3s.placement import place
from clusters.k3s.readiness import wait_ready
from clusters.stand import StandError
from rollouts.ray_session import RaySettings, ray_session
from tests.benchmarks.bars import Bar
from tests.cluster.environment import emulated_cluster

APPLICATION = load_application("small-core")
NUM_STANDS = 100
NUM_ACTORS = 8
_MIB = 2.0**20
_FLAT_RATIO = 1.1
"""The driver's memory with all stands over its memory with a quarter of them, at most."""
_READY_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Created:
    """What came of one stand."""

    num_deployments: int = 0
    error: str = ""
    is_throttled: bool = False
    """The server refused a request because there were too many (429)."""


@ray.remote(num_cpus=0.25)
class Creator:
    """Creates stands and holds them."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._placed: list[PlacedStand] = []

    def create(self) -> Created:
        """One more stand, until its deployments are ready."""
        try:
            stand = place(self._inventory, APPLICATION, holder="scale")
            self._placed.append(stand)
            documents = stand_objects(APPLICATION, namespace=stand.namespace, cluster=stand.cluster)
            apply_objects(stand.api, stand.namespace, documents)
            names = [document["metadata"]["name"] for document in documents if document["kind"] == "Deployment"]
            wait_ready(stand.api, stand.namespace, names, timeout_seconds=_READY_SECONDS)
        except StandError as error:
            return Created(error=str(error), is_throttled=isinstance(error, KubeError) and error.status == 429)
        return Created(num_deployments=len(names))

    def release(self) -> int:
        """Give all stands back; how many of them are still held."""
        held = sum(not stand.lost for stand in self._placed)
        for stand in self._placed:
            stand.release()
        return held


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What came of creating many stands."""

    created: Sequence[Created]
    seconds: float
    num_held: int
    """Stands whose leases were still renewed when the last one was ready."""
    memory_bytes: Sequence[float]
    """[stands] the driver's resident memory when each was there."""


def create_many(inventory: Inventory, *, num_stands: int, num_actors: int) -> Scale:
    """So many stands through so many actors; all are removed afterwards."""
    process, created, memory = psutil.Process(), list[Created](), list[float]()
    try:
        with ray_session(RaySettings(num_cpus=num_actors)):
            actors = [Creator.remote(inventory) for _ in range(num_actors)]  # type: ignore[attr-defined]
            started = time.monotonic()
            for one in ActorPool(actors).map_unordered(lambda actor, _: actor.create.remote(), range(num_stands)):
                created.append(one)
                memory.append(float(process.memory_info().rss))
            seconds = time.monotonic() - started
            num_held = sum(ray.get([actor.release.remote() for actor in actors]))
    finally:
        for cluster in inventory.clusters:
            collect(connect(cluster), inventory, keep_warm=False)
    return Scale(created=created, seconds=seconds, num_held=num_held, memory_bytes=memory)


def scale_bars() -> list[Bar]:
    """The bars of many stands on the cluster that `GYM_EMULATED_KUBECONFIG` names."""
    inventory = Inventory(clusters=(replace(emulated_cluster(), stands=NUM_STANDS),), namespace_prefix="gym-scale")
    scale = create_many(inventory, num_stands=NUM_STANDS, num_actors=NUM_ACTORS)
    errors = [one.error for one in scale.created if one.error]
    for error in errors[:3]:
        print(error, file=sys.stderr)
    num_ready = len(scale.created) - len(errors)
    num_deployments = max(one.num_deployments for one in scale.created)
    num_throttled = sum(one.is_throttled for one in scale.created)
    quarter, last = scale.memory_bytes[NUM_STANDS // 4], scale.memory_bytes[-1]
    return [
        Bar(
            name="stands_ready_on_emulated_nodes",
            value=float(num_ready),
            anchor=f"{num_deployments} deployments each, {NUM_ACTORS} actors, {scale.seconds:.0f} s",
            ratio=None,
            goal=f"all {NUM_STANDS}, held",
            holds=num_ready == scale.num_held == NUM_STANDS,
        ),
        Bar(
            name="requests_throttled",
            value=float(num_throttled),
            anchor=f"{len(errors)} errors of any kind",
            ratio=None,
            goal="0",
            holds=num_throttled == 0 and not errors,
        ),
        Bar(
            name="memory_mib_of_the_driver_with_all_stands",
            value=last / _MIB,
            anchor=f"with a quarter of them: {quarter / _MIB:.0f} MiB",
            ratio=last / quarter,
            goal=f"<= {_FLAT_RATIO:g}x",
            holds=last <= _FLAT_RATIO * quarter,
        ),
    ]
