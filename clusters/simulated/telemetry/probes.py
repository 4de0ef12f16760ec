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
from clusters.simulated.latency import Latency
from clusters.simulated.parameters import REQUEST_BYTES, RESPONSE_BYTES
from clusters.simulated.replicas import Capacity
from clusters.simulated.state import StandState, ordered_sum
from clusters.simulated.telemetry.histograms import histogram_quantile
from clusters.simulated.telemetry.quantiles import Mixtures, Shape, Times, bucket_times, p95_of, shape_of, share_within
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
        self.node_sums = np.empty((ends[1] + 1, graph.num_services, state.num_stands), dtype=np.float32)
        self.node_sums[: ends[0]] = graph.public_operations.sum(state.operation_sums)
        of_services = self.node_sums[ends[0] : ends[1]]
        # Only with a mode other than "raise" does take write to `out` directly.
        state.service_sums.take(graph.public_services, axis=1, out=of_services, mode="clip")
        self.node_sums[-1] = graph.channels_by_source.sum(state.channel_sums[ChannelSum.REQUESTS])
        self.edge_sums = graph.channels_by_edge.sum(state.channel_sums)
        self._percentiles(bucket_times(graph, state, latency, num_ticks), mixtures, has_histograms)

    def _percentiles(self, times: Times, mixtures: Mixtures, has_histograms: bool) -> None:
        graph, state = self.graph, self.state
        num_operations, num_services = graph.num_operations, graph.num_services
        mean = times.mean[:num_operations]
        np.divide(times.second[:num_operations], np.maximum(mean * mean, np.float32(1e-12)), out=state.latency_scv)
        np.clip(state.latency_scv, np.float32(0.01), np.float32(8.0), out=state.latency_scv)
        shape = shape_of(times)
        own = p95_of(shape)
        own[num_operations:] = np.minimum(own[num_operations:], graph.channel_timeout_seconds)
        weight = np.concatenate([state.operation_sums[OperationSum.REQUESTS], state.channel_sums[ChannelSum.REQUESTS]])
        self.p95 = mixtures.p95(shape, own, weight)
        self.p95 *= _MS
        if has_histograms:
            self._read_histograms(shape, weight, mixtures)
        entry = num_operations + graph.request_channel
        in_time = share_within(type(shape)(*(part.take(entry, axis=0) for part in shape)), graph.request_slo_seconds)
        sums = state.request_sums
        succeeded = sums[RequestSum.SUCCEEDED]
        per_type = np.stack([sums[RequestSum.OFFERED], succeeded, succeeded * in_time])
        self.offered, self.succeeded, self.good = graph.requests_by_journey.sum(per_type)
        self.node_p95 = self.p95[:num_services]
        self.edge_p95 = self.p95[num_services : num_services + len(graph.application.edges)]
        self.journey_p95 = self.p95[num_services + len(graph.application.edges) :]

    def _read_histograms(self, shape: Shape, weight: Floats, mixtures: Mixtures) -> None:
        """Percentiles of services and edges as the collector's histograms tell them; users measure their own."""
        num_operations, num_scraped = self.graph.num_operations, mixtures.num_scraped
        total = np.maximum(mixtures.sums(weight)[:num_scraped], _NO_REQUESTS)

        def cdf(limit_ms: NDArray[Any]) -> NDArray[Any]:
            limit = (limit_ms.astype(np.float32) / _MS).take(mixtures.scraped_group, axis=0)
            within = share_within(shape, limit)
            # Giving up ends a call.
            within[num_operations:][limit[num_operations:] >= self.graph.channel_timeout_seconds] = _ONE
            return mixtures.sums(weight * within)[:num_scraped] / total

        self.p95[:num_scraped] = histogram_quantile(0.95, self.p95[:num_scraped], cdf)

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
