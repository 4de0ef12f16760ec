"""The streams of every stand of one cluster. What costs connections is opened when somebody first asks for it."""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from clusters.k3s.api import KubeApi
from clusters.k3s.connection import connect
from clusters.k3s.inventory import ClusterSpec
from clusters.k3s.telemetry.coroot import Coroot
from clusters.k3s.telemetry.events import StandEvents
from clusters.k3s.telemetry.log_lines import told as lines_told
from clusters.k3s.telemetry.logs import StandLogs
from clusters.k3s.telemetry.objects import ObjectStates
from clusters.k3s.telemetry.spans import SpanReceiver
from clusters.stand import StandError
from clusters.streams import StandStreams, StreamsSpec
from clusters.topology import Application

T = TypeVar("T")


class ClusterStreams:
    """Safe to share between threads.

    Args:
        spec: the cluster.
        namespace_prefix: of its stands.
    """

    def __init__(self, spec: ClusterSpec, namespace_prefix: str) -> None:
        self._spec, self._prefix = spec, namespace_prefix
        self._lock = threading.RLock()
        self._opened: dict[type[Any], Any] = {}
        self._connection: KubeApi | None = None
        self._is_closed = False
        if spec.telemetry.spans_endpoint:
            # The gateway sends from the start on, and what nobody takes is lost.
            self._open(SpanReceiver, lambda: SpanReceiver(spec.telemetry.spans_endpoint, namespace_prefix))

    def objects(self) -> ObjectStates:
        """The deployments and pods of all stands.

        Raises:
            UserError: the cluster cannot be reached.
        """
        return self._open(ObjectStates, lambda: ObjectStates(self._api()))

    def told(
        self, application: Application, namespace: str, start_ns: int, end_ns: int, spec: StreamsSpec
    ) -> StandStreams:
        """As `clusters.k3s.telemetry.source.TelemetrySource.streams` says."""
        events = self._events().told(application, namespace, start_ns, end_ns) if spec.k8s_events else ()
        lines = self._logs().told(namespace, start_ns, end_ns) if spec.logs else ()
        spans = self._spans().told(namespace, start_ns, end_ns, spec.traces_per_bucket) if spec.spans else ()
        findings = self._coroot().told(application, namespace, start_ns, end_ns) if spec.coroot_findings else ()
        return StandStreams(
            k8s_events=events,
            logs=tuple(lines_told(lines, spec.lines_per_pattern)),
            spans=spans,
            coroot_findings=findings,
        )

    def close(self) -> None:
        """Release connections and threads."""
        with self._lock:
            self._is_closed = True
            for opened in reversed(self._opened.values()):
                opened.close()
            self._opened.clear()

    def _events(self) -> StandEvents:
        lag_seconds = self._spec.telemetry.lag_seconds
        return self._open(StandEvents, lambda: StandEvents(self._api(), self._prefix, lag_seconds))

    def _logs(self) -> StandLogs:
        return self._open(StandLogs, lambda: StandLogs(self._api(), self.objects()))

    def _spans(self) -> SpanReceiver:
        def refuse() -> SpanReceiver:
            raise StandError(
                f"cluster {self._spec.name} tells no spans: give telemetry.spans_endpoint, to which its gateway "
                "delivers them, or switch the stream off"
            )

        return self._open(SpanReceiver, refuse)

    def _coroot(self) -> Coroot:
        telemetry = self._spec.telemetry
        if not telemetry.coroot_url:
            raise StandError(
                f"cluster {self._spec.name} has no Coroot: give telemetry.coroot_url, or switch the stream off"
            )
        return self._open(
            Coroot, lambda: Coroot(telemetry.coroot_url, telemetry.coroot_project, cluster=self._spec.name)
        )

    def _api(self) -> KubeApi:
        """One connection for whatever is opened; called with the lock held."""
        if self._connection is None:
            self._connection = connect(self._spec)
        return self._connection

    def _open(self, kind: type[T], make: Callable[[], T]) -> T:
        with self._lock:
            if self._is_closed:
                raise StandError(f"the telemetry of cluster {self._spec.name} was closed")
            if kind not in self._opened:
                self._opened[kind] = make()
            opened: T = self._opened[kind]
            return opened
