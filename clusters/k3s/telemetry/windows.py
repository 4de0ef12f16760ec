"""Telemetry windows of every stand of one cluster: signals by bucket from Prometheus and from the watch on objects.

queries, object states -> readings by (namespace, entity) per bucket, shared by all stands -> one stand's arrays
"""

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.k3s.inventory import ClusterSpec, ImageKind, ObjectSource
from clusters.k3s.objects.resources import RESERVED_CPU_RATIO
from clusters.k3s.telemetry.buckets import BucketReadings, Entity, Readings
from clusters.k3s.telemetry.missing import reason
from clusters.k3s.telemetry.objects import NODE_SIGNALS_WATCHED, STAND_SIGNALS_WATCHED, ObjectStates
from clusters.k3s.telemetry.prometheus import Prometheus
from clusters.k3s.telemetry.queries import Queries, edge_queries, journey_queries, node_queries, stand_queries
from clusters.stand import StandError
from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    Signal,
    TelemetryWindow,
    signal_index,
)
from clusters.topology import Application

Floats = NDArray[np.float32]
LEVELS: Final[Mapping[str, tuple[Signal, ...]]] = {
    "nodes": NODE_SIGNALS,
    "edges": EDGE_SIGNALS,
    "journeys": JOURNEY_SIGNALS,
    "stand": STAND_SIGNALS,
}
_WATCHED: Final[Mapping[str, tuple[str, ...]]] = {
    "nodes": NODE_SIGNALS_WATCHED,
    "edges": (),
    "journeys": (),
    "stand": STAND_SIGNALS_WATCHED,
}
_LATE_RATIO = 0.5
"""Share of the lag after which a bucket is read: what the gateway was told arrives after 0 to 1 of it."""
_SECOND_NS = 10**9


class ClusterWindows:
    """Safe to share between threads.

    Args:
        spec: the cluster.
        prometheus: its Prometheus.
        objects: its deployments and pods; None: they are metrics too.
        namespace_prefix: of its stands.
    """

    def __init__(
        self, spec: ClusterSpec, prometheus: Prometheus, objects: ObjectStates | None, namespace_prefix: str
    ) -> None:
        self._spec, self._prometheus, self._objects = spec, prometheus, objects
        self._namespace_prefix = namespace_prefix
        telemetry = spec.telemetry
        self._queries: Mapping[str, Queries] = {
            "nodes": node_queries(telemetry),
            "edges": edge_queries(telemetry),
            "journeys": journey_queries(),
            "stand": stand_queries(telemetry),
        }
        self._readings: dict[tuple[str, str, float], BucketReadings] = {}
        self._missing: dict[str, Mapping[str, str]] = {}
        self._lock = threading.Lock()

    def window(
        self, application: Application, namespace: str, *, end_ns: int, window_seconds: float, bucket_seconds: float
    ) -> TelemetryWindow:
        """As `clusters.k3s.telemetry.source.TelemetrySource` says."""
        bucket_ns = round(bucket_seconds * _SECOND_NS)
        num_buckets = round(window_seconds / bucket_seconds)
        if end_ns % _SECOND_NS or num_buckets < 1 or abs(num_buckets * bucket_seconds - window_seconds) > 1e-6:
            raise StandError(
                f"a window of {window_seconds:g} s up to {end_ns} ns is no whole number of buckets of "
                f"{bucket_seconds:g} s up to a whole second; align it"
            )
        ends_ns = [end_ns - bucket_ns * back for back in reversed(range(num_buckets))]
        entities = _entities(application, namespace)
        with self._lock:
            arrays = {
                level: self._level(level, signals, entities[level], ends_ns, bucket_seconds)
                for level, signals in LEVELS.items()
            }
            self._fill_silence(arrays["nodes"], arrays["edges"], application)
            if self._spec.images.kind is ImageKind.SYNTHETIC:
                # Synthetic pods reserve a share of what their services do, and the cost is the services'. Their memory
                # is told as it is, limit and use with Python in both.
                arrays["stand"][..., signal_index(STAND_SIGNALS, "resource_cost_millicores")] /= RESERVED_CPU_RATIO
            self._missing[namespace] = self._why(arrays, ends_ns[-1] - bucket_ns, ends_ns[-1])
        return TelemetryWindow(
            bucket_seconds=bucket_seconds,
            times_ns=np.array(ends_ns, dtype=np.int64) - bucket_ns,
            nodes=arrays["nodes"],
            edges=arrays["edges"],
            journeys=arrays["journeys"],
            stand=arrays["stand"][:, 0],
        )

    def why_missing(self, namespace: str) -> Mapping[str, str]:
        """As `clusters.k3s.telemetry.source.TelemetrySource` says."""
        with self._lock:
            return dict(self._missing.get(namespace, {}))

    def _level(
        self,
        level: str,
        signals: tuple[Signal, ...],
        entities: Sequence[Entity],
        ends_ns: Sequence[int],
        bucket_seconds: float,
    ) -> Floats:
        """[T, entities, F]."""
        values = np.full((len(ends_ns), len(entities), len(signals)), np.nan, dtype=np.float32)
        for position, signal in enumerate(signals):
            for bucket, readings in enumerate(self._of_signal(level, signal.name, ends_ns, bucket_seconds)):
                values[bucket, :, position] = [readings.get(entity, np.nan) for entity in entities]
        return values

    def _of_signal(self, level: str, signal: str, ends_ns: Sequence[int], bucket_seconds: float) -> Sequence[Readings]:
        query = self._queries[level].get(signal)
        if query is not None:
            key = level, signal, bucket_seconds
            if key not in self._readings:
                late_seconds = _LATE_RATIO * self._spec.telemetry.lag_seconds
                self._readings[key] = BucketReadings(
                    self._prometheus, query, bucket_seconds, late_seconds, self._namespace_prefix
                )
            return self._readings[key].at(ends_ns)
        if self._objects is None or signal not in _WATCHED[level]:
            return [{}] * len(ends_ns)
        bucket_ns = round(bucket_seconds * _SECOND_NS)
        return [self._objects.readings(signal, end - bucket_ns, end) for end in ends_ns]

    def _fill_silence(self, nodes: Floats, edges: Floats, application: Application) -> None:
        """A service that reports, and of which there is no span, was not called and called nobody: that is 0."""
        node_rate, depth = (signal_index(NODE_SIGNALS, name) for name in ("request_rate_rps", "queue_depth"))
        reports = np.isfinite(nodes[..., depth])
        nodes[reports & np.isnan(nodes[..., node_rate]), node_rate] = 0.0
        callers = [application.service_names.index(edge.source) for edge in application.edges]
        rate, retries = (signal_index(EDGE_SIGNALS, name) for name in ("request_rate_rps", "retry_rate_rps"))
        silent = reports[:, callers] & np.isnan(edges[..., rate])
        edges[silent, rate] = edges[silent, retries] = 0.0

    def _why(self, arrays: Mapping[str, Floats], start_ns: int, end_ns: int) -> Mapping[str, str]:
        """Of signals without any value in the last bucket."""
        watch = self._objects.why_missing(start_ns, end_ns) if self._objects is not None else ""
        found = {}
        for level, signals in LEVELS.items():
            for position, signal in enumerate(signals):
                if np.isnan(arrays[level][-1, :, position]).all():
                    is_watched = signal.name in _WATCHED[level] and self._spec.telemetry.objects is ObjectSource.WATCH
                    found[f"{level}.{signal.name}"] = (watch if is_watched else "") or reason(
                        self._spec.telemetry, level, signal.name
                    )
        return found


def _entities(application: Application, namespace: str) -> Mapping[str, Sequence[Entity]]:
    return {
        "nodes": [(namespace, name) for name in application.service_names],
        "edges": [(namespace, edge.source, edge.target) for edge in application.edges],
        "journeys": [(namespace, name) for name in application.journey_names],
        "stand": [(namespace,)],
    }
