"""An application compiled into index arrays, once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.parameters import ENTRY_TIMEOUT_SECONDS
from clusters.topology import LOAD_GENERATOR, Application

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class CallSite:
    """One call of one operation."""

    index: int
    channel: int
    operation: int
    """The callee's index."""
    service: int
    """The callee's service."""
    required: bool


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Calls that look the same to their caller: same caller service, callee operation, timeout and retries."""

    source: int
    service: int
    operation: int
    edge: int
    timeout_seconds: float
    max_retries: int


class CompiledGraph:
    """Index arrays of one application. Services stand callers first, operations by service, channels by callee."""

    def __init__(self, application: Application) -> None:
        self.application = application
        levels = _levels(application)
        order = sorted(range(len(application.services)), key=lambda s: (levels[application.services[s].name], s))
        self.services = tuple(application.services[s] for s in order)
        self.public_services: Ints = np.argsort(np.array(order))
        """[S] internal position of each service of the application."""
        self.service_index = {service.name: s for s, service in enumerate(self.services)}
        self.edge_index = {(edge.source, edge.target): e for e, edge in enumerate(application.edges)}
        self._compile_operations()
        self._compile_channels()
        self._compile_calls()
        self._compile_journeys()
        self.levels: Ints = np.array([levels[service.name] for service in self.services])
        self.replicas = self._service_column("replicas")
        self.cpu_limit_millicores = self._service_column("cpu_limit_millicores")
        self.workers_per_replica = self._service_column("workers_per_replica")
        self.memory_limit_bytes = self._service_column("memory_limit_bytes")
        self.cpu_request_millicores = self._request_column("cpu_request_millicores", "cpu_limit_millicores")
        self.memory_request_bytes = self._request_column("memory_request_bytes", "memory_limit_bytes")
        self.memory_base_bytes = self._service_column("memory_base_bytes")
        self.memory_per_request_bytes = self._service_column("memory_per_request_bytes")
        self.startup_seconds = self._service_column("startup_seconds")

    def _compile_operations(self) -> None:
        names = [(s, operation) for s, service in enumerate(self.services) for operation in service.operations]
        self.operation_index = {
            f"{self.services[s].name}.{operation.name}": o for o, (s, operation) in enumerate(names)
        }
        self.operation_service: Ints = np.array([s for s, _ in names])
        """[O]"""
        self.operation_slices = tuple(
            slice(int(np.searchsorted(self.operation_service, s)), int(np.searchsorted(self.operation_service, s + 1)))
            for s in range(len(self.services))
        )
        self.cpu_low: Floats = np.array([operation.cpu_milliseconds.low for _, operation in names])
        self.cpu_high: Floats = np.array([operation.cpu_milliseconds.high for _, operation in names])
        self._operations = tuple(names)

    def _compile_channels(self) -> None:
        entry = self.service_index[LOAD_GENERATOR]
        request_keys = [
            (entry, self.operation_index[request.operation], ENTRY_TIMEOUT_SECONDS, 0)
            for request in self.application.request_types
        ]
        call_keys = [
            (s, self.operation_index[call.operation], call.timeout_seconds, call.max_retries)
            for s, operation in self._operations
            for call in operation.calls
        ]
        # By callee, because operations stand by service and services by level: each level is one slice.
        keys = sorted({*request_keys, *call_keys}, key=lambda key: (key[1], key))
        self.channels = tuple(self._channel(*key) for key in keys)
        position = {key: h for h, key in enumerate(keys)}
        self.request_channel: Ints = np.array([position[key] for key in request_keys])
        """[R]"""
        self.call_channel: Ints = np.array([position[key] for key in call_keys], dtype=np.int64)
        """[C]"""

    def _channel(self, source: int, operation: int, timeout_seconds: float, max_retries: int) -> Channel:
        service = int(self.operation_service[operation])
        return Channel(
            source=source,
            service=service,
            operation=operation,
            edge=self.edge_index[self.services[source].name, self.services[service].name],
            timeout_seconds=timeout_seconds,
            max_retries=max_retries,
        )

    def _compile_calls(self) -> None:
        sites = [(o, call) for o, (_, operation) in enumerate(self._operations) for call in operation.calls]
        self.call_counts: Floats = np.array([call.count for _, call in sites])
        """[C]"""
        self.call_source: Ints = np.array([self.operation_service[o] for o, _ in sites], dtype=np.int64)
        """[C] the caller service."""
        by_operation: list[list[CallSite]] = [[] for _ in self._operations]
        for c, (o, call) in enumerate(sites):
            h = int(self.call_channel[c])
            by_operation[o].append(
                CallSite(
                    index=c,
                    channel=h,
                    operation=self.channels[h].operation,
                    service=self.channels[h].service,
                    required=call.required,
                )
            )
        self.calls = tuple(tuple(calls) for calls in by_operation)
        """[O] the calls of each operation, in order."""

    def _compile_journeys(self) -> None:
        application = self.application
        self.request_journey: Ints = np.array(
            [application.journey_names.index(request.journey) for request in application.request_types]
        )
        """[R]"""
        slo = [journey.slo_latency_milliseconds for journey in application.journeys]
        self.request_slo_seconds: Floats = np.array(slo)[self.request_journey, None] / 1e3
        """[R, 1]"""

    @property
    def num_services(self) -> int:
        """S."""
        return len(self.services)

    @property
    def num_operations(self) -> int:
        """O."""
        return len(self._operations)

    @property
    def num_channels(self) -> int:
        """H."""
        return len(self.channels)

    @property
    def num_calls(self) -> int:
        """C."""
        return len(self.call_counts)

    @cached_property
    def num_slots(self) -> int:
        """K: replica slots per service."""
        return max(service.max_replicas for service in self.services)

    @cached_property
    def channel_operation(self) -> Ints:
        """[H]."""
        return np.array([channel.operation for channel in self.channels])

    @cached_property
    def channel_source(self) -> Ints:
        """[H] the caller service."""
        return np.array([channel.source for channel in self.channels])

    @cached_property
    def channel_edge(self) -> Ints:
        """[H]."""
        return np.array([channel.edge for channel in self.channels])

    @cached_property
    def channel_timeout_seconds(self) -> Floats:
        """[H, 1]."""
        return np.array([[channel.timeout_seconds] for channel in self.channels])

    @cached_property
    def max_retries(self) -> int:
        """The most retries of any call."""
        return max(channel.max_retries for channel in self.channels)

    @cached_property
    def retry_allowed(self) -> Floats:
        """[max retries, H, 1] 1 where a channel makes its r-th retry, else 0."""
        retries = np.array([[channel.max_retries] for channel in self.channels])
        allowed = [retries >= r for r in range(1, self.max_retries + 1)]
        return np.array(allowed, dtype=np.float64).reshape(self.max_retries, self.num_channels, 1)

    @cached_property
    def level_slices(self) -> tuple[tuple[slice, slice], ...]:
        """(operations, channels into them) of each level, deepest first; the load generator's level is left out."""
        channel_service = np.array([channel.service for channel in self.channels])
        operation_levels = self.levels[self.operation_service]
        channel_levels = self.levels[channel_service]
        slices = []
        for level in sorted(set(operation_levels.tolist()), reverse=True):
            slices.append(
                (
                    slice(*np.searchsorted(operation_levels, [level, level + 1]).tolist()),
                    slice(*np.searchsorted(channel_levels, [level, level + 1]).tolist()),
                )
            )
        return tuple(slices)

    def _service_column(self, key: str) -> Floats:
        """[S, 1] a number of each service, by its field's name."""
        return np.array([[float(getattr(service, key))] for service in self.services])

    def _request_column(self, key: str, limit: str) -> Floats:
        """[S, 1] what is reserved for each replica; the limit where the application names no request."""
        requests = [getattr(service, key) for service in self.services]
        limits = [getattr(service, limit) for service in self.services]
        return np.array([[lim if req is None else req] for req, lim in zip(requests, limits, strict=True)])


def _levels(application: Application) -> dict[str, int]:
    """Longest path from the load generator to each service; at least 1 for every other service."""
    levels = {name: int(name != LOAD_GENERATOR) for name in application.service_names}
    for _ in application.services:
        for edge in application.edges:
            levels[edge.target] = max(levels[edge.target], levels[edge.source] + 1)
    return levels
