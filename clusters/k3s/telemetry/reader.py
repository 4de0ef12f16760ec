"""The reader of one cluster: windows and streams of all its stands, over one set of connections."""

from collections.abc import Mapping

from clusters.k3s.inventory import ClusterSpec, Inventory, ObjectSource
from clusters.k3s.telemetry.prometheus import Prometheus
from clusters.k3s.telemetry.streaming import ClusterStreams
from clusters.k3s.telemetry.windows import ClusterWindows
from clusters.streams import StandStreams, StreamsSpec
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application


class ClusterReader:
    """A `clusters.k3s.telemetry.source.TelemetrySource`. Safe to share between threads.

    Args:
        spec: the cluster, whose kubeconfig may list and watch deployments, pods and events in all namespaces.
        inventory: what it is part of.

    Raises:
        UserError: the cluster cannot be reached.
    """

    def __init__(self, spec: ClusterSpec, inventory: Inventory) -> None:
        self._prometheus = Prometheus(spec.telemetry.prometheus_url, cluster=spec.name)
        self._streams = ClusterStreams(spec, inventory.namespace_prefix)
        objects = self._streams.objects() if spec.telemetry.objects is ObjectSource.WATCH else None
        self._windows = ClusterWindows(spec, self._prometheus, objects, inventory.namespace_prefix)

    @property
    def num_queries(self) -> int:
        """Queries that Prometheus was asked so far."""
        return self._prometheus.num_queries

    def window(
        self, application: Application, namespace: str, *, end_ns: int, window_seconds: float, bucket_seconds: float
    ) -> TelemetryWindow:
        """As `TelemetrySource` says."""
        return self._windows.window(
            application, namespace, end_ns=end_ns, window_seconds=window_seconds, bucket_seconds=bucket_seconds
        )

    def streams(
        self, application: Application, namespace: str, start_ns: int, end_ns: int, spec: StreamsSpec
    ) -> StandStreams:
        """As `TelemetrySource` says."""
        return self._streams.told(application, namespace, start_ns, end_ns, spec)

    def why_missing(self, namespace: str) -> Mapping[str, str]:
        """As `TelemetrySource` says."""
        return self._windows.why_missing(namespace)

    def close(self) -> None:
        """Release connections and threads."""
        self._streams.close()
        self._prometheus.close()
