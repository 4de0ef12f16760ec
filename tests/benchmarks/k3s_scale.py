"""A hundred stands on a cluster of emulated nodes, created by one driver with eight workers.

Pods get ready there without running anything, so what is measured is placement, the API server and the driver itself:
whether any request is throttled, and whether the driver's memory grows with the stands that it holds.
"""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import psutil

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
from clusters.topology import Application
from tests.benchmarks.bars import Bar, report
from tests.cluster.environment import emulated_cluster

NUM_STANDS = 100
NUM_WORKERS = 8
_MIB = 2.0**20
_FLAT_RATIO = 1.1
"""The driver's memory with all stands over its memory with a quarter of them, at most."""
_READY_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What came of creating many stands."""

    num_ready: int
    num_deployments: int
    seconds: float
    errors: Sequence[str]
    num_throttled: int
    """Requests that the server refused because there were too many (429)."""
    memory_bytes: Sequence[float]
    """[num_ready] the driver's resident memory when each stand was ready."""


def create_many(inventory: Inventory, application: Application, *, num_stands: int, num_workers: int) -> Scale:
    """Place so many stands, apply their objects and wait until they are ready; remove them all afterwards."""
    process, placed, errors, memory = psutil.Process(), list[PlacedStand](), list[StandError](), list[float]()
    num_deployments = 0
    started = time.monotonic()

    def create(_: int) -> None:
        nonlocal num_deployments
        try:
            stand = place(inventory, application, holder="scale")
            placed.append(stand)
            documents = stand_objects(application, namespace=stand.namespace, cluster=stand.cluster)
            apply_objects(stand.api, stand.namespace, documents)
            names = [document["metadata"]["name"] for document in documents if document["kind"] == "Deployment"]
            wait_ready(stand.api, stand.namespace, names, timeout_seconds=_READY_SECONDS)
            num_deployments = len(names)
            memory.append(float(process.memory_info().rss))
        except StandError as error:
            errors.append(error)

    try:
        with ThreadPoolExecutor(num_workers) as workers:
            list(workers.map(create, range(num_stands)))
        seconds = time.monotonic() - started
    finally:
        for stand in placed:
            stand.release()
        for cluster in inventory.clusters:
            collect(connect(cluster), inventory, keep_warm=False)
    return Scale(
        num_ready=len(memory),
        num_deployments=num_deployments,
        seconds=seconds,
        errors=[str(error) for error in errors],
        num_throttled=sum(isinstance(error, KubeError) and error.status == 429 for error in errors),
        memory_bytes=memory,
    )


def scale_bars() -> list[Bar]:
    """The bars of many stands on the cluster that `GYM_EMULATED_KUBECONFIG` names."""
    inventory = Inventory(clusters=(replace(emulated_cluster(), stands=NUM_STANDS),), namespace_prefix="gym-scale")
    scale = create_many(inventory, load_application("small-core"), num_stands=NUM_STANDS, num_workers=NUM_WORKERS)
    for error in scale.errors[:3]:
        print(error, file=sys.stderr)
    quarter = scale.memory_bytes[len(scale.memory_bytes) // 4] if scale.memory_bytes else float("nan")
    last = scale.memory_bytes[-1] if scale.memory_bytes else float("nan")
    what = f"{NUM_STANDS} stands of {scale.num_deployments} deployments, {NUM_WORKERS} workers, {scale.seconds:.0f} s"
    return [
        Bar(
            name="stands ready on emulated nodes",
            value=float(scale.num_ready),
            anchor=what,
            ratio=None,
            goal=f"all {NUM_STANDS}",
            holds=scale.num_ready == NUM_STANDS,
        ),
        Bar(
            name="requests throttled",
            value=float(scale.num_throttled),
            anchor=f"{len(scale.errors)} errors of any kind",
            ratio=None,
            goal="0",
            holds=scale.num_throttled == 0 and not scale.errors,
        ),
        Bar(
            name="driver's memory with all stands, MiB",
            value=last / _MIB,
            anchor=f"with a quarter of them: {quarter / _MIB:.0f} MiB",
            ratio=last / quarter,
            goal=f"<= {_FLAT_RATIO:g}x",
            holds=last <= _FLAT_RATIO * quarter,
        ),
    ]


if __name__ == "__main__":
    sys.exit(report(scale_bars(), "k3s_scale.json"))
