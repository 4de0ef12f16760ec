"""The bucket that ends: percentiles from its sums, and all signals (`kernels.probes`)."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.bucket_end import BucketEnd, Owners, Signals
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.index import groups_of
from clusters.simulated.kernels.latency_arrays import Latency
from clusters.simulated.kernels.probes import BLOCK, NUM_ROOM_ROWS, fill_signals
from clusters.simulated.kernels.rings import BucketPlaces
from clusters.simulated.state import StandState
from clusters.simulated.telemetry.histograms import histogram_quantile
from clusters.simulated.telemetry.layout import Layout
from clusters.simulated.telemetry.quantiles import Distributions, Mixtures, bucket_times
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum

Floats = NDArray[np.float32]

_NO_REQUESTS = np.float32(1e-6)
_ONE = np.float32(1.0)
_MS = np.float32(1e3)
_BESIDE = 16
"""Columns that nobody uses: with a power of two all rows would compete for the same few lines of the cache."""


class Bucket:
    """The bucket that ends, of N stands; its percentiles are computed at once, and `latency_scv` with them."""

    def __init__(
        self,
        graph: CompiledGraph,
        state: StandState,
        capacity: Capacity,
        latency: Latency,
        mixtures: Mixtures,
        num_ticks: int,
        *,
        has_histograms: bool = False,
    ) -> None:
        self.state = state
        self._graph, self._capacity = graph, capacity
        self._share = np.float32(1.0 / num_ticks)
        times = bucket_times(graph, mixtures.index, state, latency, num_ticks)
        found = Distributions(times, mixtures.index.channel_timeout_seconds, state.latency_scv)
        executions, attempts = state.operation_sums[OperationSum.REQUESTS], state.channel_sums[ChannelSum.REQUESTS]
        self._p95 = mixtures.p95(found, executions, attempts)
        if has_histograms:
            exact = self._p95[: mixtures.num_scraped]
            exact[...] = self._of_histograms(exact, found, np.concatenate([executions, attempts]), mixtures)
        rows = graph.num_operations + graph.request_channel
        self._in_time = found.share_within(graph.request_slo_seconds, rows)

    def write(self, layout: Layout, target: BucketPlaces, missing: float) -> None:
        """Write all signals to where `layout` says; `missing` stands for a value that is not there."""
        rows = np.empty((layout.num_told, BLOCK + _BESIDE), dtype=np.float32)
        room = np.empty((NUM_ROOM_ROWS, BLOCK), dtype=np.float32)
        fill_signals(
            owners_of(self._graph),
            BucketEnd(*(getattr(self.state, name) for name in BucketEnd._fields)),
            self._capacity,
            self._p95,
            self._in_time,
            self._share,
            np.float32(missing),
            room,
            rows,
            Signals(*(layout.by_signal(rows, name, axis=0) for name in Signals._fields)),
            target,
        )

    def _of_histograms(self, exact: Floats, found: Distributions, weight: Floats, mixtures: Mixtures) -> Floats:
        """Percentiles of services and edges as the collector's histograms tell them; users measure their own."""
        num_operations = self._graph.num_operations
        total = np.maximum(mixtures.scraped_sums(weight), _NO_REQUESTS)

        def cdf(limit_ms: NDArray[Any]) -> NDArray[Any]:
            limit = (limit_ms.astype(np.float32) / _MS).take(mixtures.scraped_group, axis=0)
            within = found.share_within(limit)
            # Giving up ends a call.
            within[num_operations:][limit[num_operations:] >= self._graph.channel_timeout_seconds] = _ONE
            return mixtures.scraped_sums(weight * within) / total

        return histogram_quantile(0.95, exact, cdf)


@lru_cache(maxsize=16)
def owners_of(graph: CompiledGraph) -> Owners:
    """Of a compiled graph."""
    application = graph.application
    services = graph.public_services
    return Owners(
        services=services,
        is_consumer=graph.is_consumer,
        operations=groups_of(*(np.flatnonzero(graph.operation_service == s) for s in services)),
        callers=groups_of(*(np.flatnonzero(graph.channel_source == s) for s in services)),
        channels=groups_of(*(np.flatnonzero(graph.channel_edge == e) for e in range(len(application.edges)))),
        requests=groups_of(*(np.flatnonzero(graph.request_journey == j) for j in range(len(application.journeys)))),
    )
