"""One reader of telemetry per cluster: as an actor that all stands of a fill ask, or in the process that plays.

StandActor -> SharedReader -> actor `telemetry-<cluster>` -> ClusterReader -> Prometheus
"""

import atexit
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.stand import StandError
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from ray_configs.errors import UserError

if TYPE_CHECKING:
    from clusters.k3s.telemetry.reader import ClusterReader
    from clusters.k3s.telemetry.source import TelemetrySource

_CONCURRENT_CALLS = 16
"""Stands that may ask at once; each mostly waits for Prometheus, or for another's query of the same interval."""


class ReaderActor:
    """A cluster's reader in a process of its own; `readers` makes a Ray actor of it."""

    def __init__(self, cluster: ClusterSpec, inventory: Inventory) -> None:
        self._cluster, self._inventory = cluster, inventory
        self._opening = threading.Lock()
        self._reader: ClusterReader | None = None

    def ask(self, method: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """Call a method of the reader; a stand's error crosses processes as a plain one."""
        try:
            return getattr(self._opened(), method)(*arguments, **options)
        except StandError as error:
            raise StandError(str(error)) from None

    def _opened(self) -> "ClusterReader":
        """The reader, opened by the first call: what goes wrong then has somebody to be told to."""
        from clusters.k3s.telemetry.reader import ClusterReader

        with self._opening:
            if self._reader is None:
                self._reader = ClusterReader(self._cluster, self._inventory)
            return self._reader


class SharedReader:
    """A cluster's reader actor as a stand's source of telemetry."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def window(
        self,
        application: Application,
        namespace: str,
        *,
        end_ns: int,
        window_seconds: float,
        bucket_seconds: float,
    ) -> TelemetryWindow:
        """As `TelemetrySource.window`."""
        options = {"end_ns": end_ns, "window_seconds": window_seconds, "bucket_seconds": bucket_seconds}
        window: TelemetryWindow = self._ask("window", application, namespace, **options)
        return window

    def streams(
        self, application: Application, namespace: str, start_ns: int, end_ns: int, spec: StreamsSpec
    ) -> StandStreams:
        """As `TelemetrySource.streams`."""
        streams: StandStreams = self._ask("streams", application, namespace, start_ns, end_ns, spec)
        return streams

    def why_missing(self, namespace: str) -> Mapping[str, str]:
        """As `TelemetrySource.why_missing`."""
        reasons: Mapping[str, str] = self._ask("why_missing", namespace)
        return reasons

    def close(self) -> None:
        """Leave the actor to the others: it ends with the fill."""

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        import ray
        from ray.exceptions import RayActorError, RayTaskError

        try:
            return ray.get(self._handle.ask.remote(method, arguments, options))
        except RayTaskError as error:
            raise StandError(str(error.cause)) from error
        except RayActorError as error:
            raise StandError(
                f"the reader of the cluster's telemetry is gone ({error}); start the fill again"
            ) from error


@contextmanager
def shared_readers(inventory: Inventory | None) -> Iterator[None]:
    """One reader actor per cluster inside the block, beside the driver; nothing without an inventory.

    Asking is harmless to repeat, so Ray starts a reader that died again, and asks it again.

    Raises:
        UserError: a cluster's telemetry cannot be read.
    """
    if inventory is None:
        yield
        return
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    # A gateway delivers spans to an address of the driver's node.
    here = NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)
    handles = {
        cluster.name: ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1, max_concurrency=_CONCURRENT_CALLS)(
            ReaderActor
        )
        .options(name=_actor_name(cluster), scheduling_strategy=here)
        .remote(cluster, inventory)
        for cluster in inventory.clusters
    }
    try:
        for name, handle in handles.items():
            _require_open(name, handle)
        yield
    finally:
        for handle in handles.values():
            ray.kill(handle)


def _require_open(cluster: str, handle: Any) -> None:
    try:
        SharedReader(handle).why_missing("")
    except StandError as error:
        raise UserError(f"the telemetry of cluster {cluster} cannot be read: {error}") from error


def source_of(cluster: ClusterSpec, inventory: Inventory, *, is_shared: bool) -> "TelemetrySource":
    """Where a stand on `cluster` reads its telemetry.

    Raises:
        StandError: the shared reader of this cluster was never started.
    """
    if not is_shared:
        return _own_reader(cluster, inventory)
    import ray

    try:
        return SharedReader(ray.get_actor(_actor_name(cluster)))
    except ValueError as error:
        raise StandError(f"no actor reads the telemetry of cluster {cluster.name}: {error}") from error


@cache
def _own_reader(cluster: ClusterSpec, inventory: Inventory) -> "ClusterReader":
    """This process's reader of a cluster."""
    from clusters.k3s.telemetry.reader import ClusterReader

    reader = ClusterReader(cluster, inventory)
    atexit.register(reader.close)
    return reader


def _actor_name(cluster: ClusterSpec) -> str:
    return f"telemetry-{cluster.name}"
