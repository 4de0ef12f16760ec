"""How each telemetry signal is read from a bucket: one dict per level, signal name -> probe.

A probe takes the bucket that ends and gives the signal of all entities of its level, in the application's order:
[entities, N], or [N] for the stand. What is undefined, such as the latency of no requests, is NaN.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.latency import Latency
from clusters.simulated.kernels.sums import add_by_owner
from clusters.simulated.parameters import REQUEST_BYTES, RESPONSE_BYTES
from clusters.simulated.state import StandState, ordered_sum
from clusters.simulated.telemetry.histograms import histogram_quantile
from clusters.simulated.telemetry.quantiles import Distributions, Mixtures, bucket_times
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, RequestSum, ServiceSum

Floats = NDArray[np.float32]

_NO_REQUESTS = np.float32(1e-6)
_NAN = np.float32(np.nan)
_ONE = np.float32(1.0)
_MS = np.float32(1e3)


class Bucket:
    """The bucket that ends: sums, state and capacity, and what several probes need of them."""

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
        self.graph, self.state, self.capacity = graph, state, capacity
        self.share = np.float32(1.0 / num_ticks)
        ends = len(OperationSum), len(OperationSum) + len(ServiceSum)
        num_services, num_stands = graph.num_services, state.num_stands
        self.node_sums = np.empty((ends[1] + 1, num_services, num_stands), dtype=np.float32)
        add_by_owner(mixtures.public_operation_service, state.operation_sums, self.node_sums[: ends[0]])
        add_by_owner(mixtures.public_places, state.service_sums, self.node_sums[ends[0] : ends[1]])
        calls = state.channel_sums[ChannelSum.REQUESTS :][:1]
        add_by_owner(mixtures.public_channel_source, calls, self.node_sums[ends[1] :])
        self.edge_sums = np.empty((len(ChannelSum), len(graph.application.edges), num_stands), dtype=np.float32)
        add_by_owner(graph.channel_edge, state.channel_sums, self.edge_sums)
        self._percentiles(latency, num_ticks, mixtures, has_histograms)

    def _percentiles(self, latency: Latency, num_ticks: int, mixtures: Mixtures, has_histograms: bool) -> None:
        graph, state = self.graph, self.state
        num_services, num_scraped = graph.num_services, mixtures.num_scraped
        times = bucket_times(graph, mixtures.index, state, latency, num_ticks)
        found = Distributions(times, mixtures.index.channel_timeout_seconds)
        state.latency_scv[...] = found.scv
        weight = np.concatenate([state.operation_sums[OperationSum.REQUESTS], state.channel_sums[ChannelSum.REQUESTS]])
        p95 = mixtures.p95(found, weight)
        if has_histograms:
            p95[:num_scraped] = self._of_histograms(p95[:num_scraped], found, weight, mixtures)
        in_time = found.share_within(graph.request_slo_seconds, graph.num_operations + graph.request_channel)
        sums = state.request_sums
        succeeded = sums[RequestSum.SUCCEEDED]
        per_type = np.stack([sums[RequestSum.OFFERED], succeeded, succeeded * in_time])
        per_journey = np.empty((3, len(graph.application.journeys), state.num_stands), dtype=np.float32)
        add_by_owner(graph.request_journey, per_type, per_journey)
        self.offered, self.succeeded, self.good = per_journey
        self.node_p95, self.edge_p95, self.journey_p95 = np.split(p95, [num_services, num_scraped])

    def _of_histograms(self, exact: Floats, found: Distributions, weight: Floats, mixtures: Mixtures) -> Floats:
        """Percentiles of services and edges as the collector's histograms tell them; users measure their own."""
        num_operations = self.graph.num_operations
        total = np.maximum(mixtures.scraped_sums(weight), _NO_REQUESTS)

        def cdf(limit_ms: NDArray[Any]) -> NDArray[Any]:
            limit = (limit_ms.astype(np.float32) / _MS).take(mixtures.scraped_group, axis=0)
            within = found.share_within(limit)
            # Giving up ends a call.
            within[num_operations:][limit[num_operations:] >= self.graph.channel_timeout_seconds] = _ONE
            return mixtures.scraped_sums(weight * within) / total

        return histogram_quantile(0.95, exact, cdf)

    @cached_property
    def known_requests(self) -> Floats:
        """[S, N] NaN: none."""
        return _if_any(self.requests)

    @cached_property
    def known_calls(self) -> Floats:
        """[E, N] NaN: none."""
        return _if_any(self.edge_sums[ChannelSum.REQUESTS])

    @cached_property
    def known_offered(self) -> Floats:
        """[J, N] NaN: none."""
        return _if_any(self.offered)

    @cached_property
    def requests(self) -> Floats:
        """[S, N]."""
        requests: Floats = self.node_sums[OperationSum.REQUESTS]
        return requests

    def service(self, values: Floats) -> Floats:
        """[S, N] a state's array in the application's order."""
        return values.take(self.graph.public_services, axis=0)

    def level(self, name: ServiceSum) -> Floats:
        """[S, N] a service's mean over the bucket."""
        mean: Floats = self.node_sums[len(OperationSum) + name] * self.share
        return mean


Probe = Callable[[Bucket], Floats]


def _if_any(requests: Floats) -> Floats:
    """What to divide by: the requests, and NaN where there are none, because nothing is known of them."""
    return np.where(requests > _NO_REQUESTS, requests, _NAN)


def _consumer_lag(bucket: Bucket) -> Floats:
    """What is beyond the workers: messages that wait."""
    graph = bucket.graph
    consumers = np.flatnonzero(graph.is_consumer[graph.public_services])
    lag = np.full(bucket.requests.shape, _NAN, dtype=np.float32)
    waiting = bucket.level(ServiceSum.QUEUE_DEPTH)[consumers]
    waiting -= bucket.capacity.workers[graph.public_services[consumers]]
    lag[consumers] = np.maximum(waiting, np.float32(0.0), out=waiting)
    return lag


def _bytes(bucket: Bucket, received: float, sent: float) -> Floats:
    calls = bucket.node_sums[-1]
    rate: Floats = (bucket.requests * np.float32(received) + calls * np.float32(sent)) * bucket.share
    return rate


NODE_PROBES: dict[str, Probe] = {
    "request_rate_rps": lambda b: b.requests * b.share,
    "error_ratio": lambda b: np.minimum(b.node_sums[OperationSum.ERRORS] / b.known_requests, _ONE),
    "latency_mean_milliseconds": lambda b: b.node_sums[OperationSum.LATENCY] / b.known_requests * _MS,
    "latency_p95_milliseconds": lambda b: b.node_p95,
    "cpu_usage_millicores": lambda b: b.level(ServiceSum.CPU_MILLICORES),
    "cpu_limit_millicores": lambda b: b.service(b.capacity.limit_millicores),
    "memory_bytes": lambda b: b.level(ServiceSum.MEMORY),
    "memory_limit_bytes": lambda b: b.service(b.state.memory_limit),
    "restarts": lambda b: b.node_sums[len(OperationSum) + ServiceSum.RESTARTS],
    "network_receive_bytes_per_second": lambda b: _bytes(b, REQUEST_BYTES, RESPONSE_BYTES),
    "network_transmit_bytes_per_second": lambda b: _bytes(b, RESPONSE_BYTES, REQUEST_BYTES),
    "queue_depth": lambda b: b.level(ServiceSum.QUEUE_DEPTH),
    "replicas_ready": lambda b: b.level(ServiceSum.REPLICAS_READY),
    "replicas_desired": lambda b: b.service(b.state.desired_replicas.astype(np.float32)),
    "consumer_lag": _consumer_lag,
}

EDGE_PROBES: dict[str, Probe] = {
    "request_rate_rps": lambda b: b.edge_sums[ChannelSum.REQUESTS] * b.share,
    "error_ratio": lambda b: b.edge_sums[ChannelSum.ERRORS] / b.known_calls,
    "latency_mean_milliseconds": lambda b: b.edge_sums[ChannelSum.LATENCY] / b.known_calls * _MS,
    "latency_p95_milliseconds": lambda b: b.edge_p95,
    "retry_rate_rps": lambda b: b.edge_sums[ChannelSum.RETRIES] * b.share,
}

JOURNEY_PROBES: dict[str, Probe] = {
    "offered_rate_rps": lambda b: b.offered * b.share,
    "error_ratio": lambda b: np.maximum(_ONE - b.succeeded / b.known_offered, np.float32(0.0)),
    "latency_p95_milliseconds": lambda b: b.journey_p95,
    "good_ratio": lambda b: b.good / b.known_offered,
}

STAND_PROBES: dict[str, Probe] = {
    "offered_rate_rps": lambda b: ordered_sum(b.offered) * b.share,
    "rate_limit_rps": lambda b: b.state.rate_limit_rps,
    # The load generator, which is the first service, belongs to the scenario.
    "resource_cost_millicores": lambda b: ordered_sum(b.capacity.reserved_millicores[1:]),
}
