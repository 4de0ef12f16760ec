"""An application compiled into index arrays, once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.parameters import ENTRY_TIMEOUT_SECONDS
from clusters.topology import LOAD_GENERATOR, Application

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """Calls that look the same to their caller: same caller service, callee operation, timeout, retries and kind."""

    source: int
    service: int
    operation: int
    edge: int
    timeout_seconds: float
    max_retries: int
    asynchronous: bool


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
        self.flag_index = {flag.name: g for g, flag in enumerate(application.flags)}
        self._compile_operations()
        self._compile_channels()
        self._compile_calls()
        self._compile_journeys()
        self.replicas = self._service_column("replicas")
        self.cpu_limit_millicores = self._service_column("cpu_limit_millicores")
        self.workers_per_replica = self._service_column("workers_per_replica")
        self.memory_limit_bytes = self._service_column("memory_limit_bytes")
        self.cpu_request_millicores = self._request_column("cpu_request_millicores", "cpu_limit_millicores")
        self.memory_request_bytes = self._request_column("memory_request_bytes", "memory_limit_bytes")
        self.memory_base_bytes = self._service_column("memory_base_bytes")
        self.memory_per_request_bytes = self._service_column("memory_per_request_bytes")
        self.startup_seconds = self._service_column("startup_seconds")
        rates = [np.inf if service.max_rate_rps is None else service.max_rate_rps for service in self.services]
        self.max_rate_rps: Floats = np.array(rates, dtype=np.float32)[:, None]
        """[S, 1] requests per second that a service accepts; inf: no limit of its own."""

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
        self.cpu_low = np.array([operation.cpu_milliseconds.low for _, operation in names])
        self.cpu_high = np.array([operation.cpu_milliseconds.high for _, operation in names])
        waits = [operation.latency_milliseconds for _, operation in names]
        self.wait_low = np.array([wait.low / 1e3 for wait in waits])
        """[O] seconds of an execution that use no CPU, at least; `wait_high` at most."""
        self.wait_high = np.array([wait.high / 1e3 for wait in waits])
        self._operations = tuple(names)

    def _compile_channels(self) -> None:
        entry = self.service_index[LOAD_GENERATOR]
        request_keys = [
            (entry, self.operation_index[request.operation], ENTRY_TIMEOUT_SECONDS, 0, False)
            for request in self.application.request_types
        ]
        call_keys = [
            (s, self.operation_index[call.operation], call.timeout_seconds, call.max_retries, call.asynchronous)
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

    def _channel(
        self, source: int, operation: int, timeout_seconds: float, max_retries: int, asynchronous: bool
    ) -> Channel:
        service = int(self.operation_service[operation])
        return Channel(
            source=source,
            service=service,
            operation=operation,
            edge=self.edge_index[self.services[source].name, self.services[service].name],
            timeout_seconds=timeout_seconds,
            max_retries=max_retries,
            asynchronous=asynchronous,
        )

    def _compile_calls(self) -> None:
        sites = [(o, call) for o, (_, operation) in enumerate(self._operations) for call in operation.calls]
        self.call_counts: Floats = np.array([call.count for _, call in sites], dtype=np.float32)
        """[C]"""
        self.call_owner: Ints = np.array([o for o, _ in sites], dtype=np.int64)
        """[C] the caller operation; calls stand in the order in which they are made."""
        awaited = [not call.asynchronous for _, call in sites]
        self.call_awaited: Floats = np.array(awaited, dtype=np.float32)[:, None]
        """[C, 1] 1: the caller waits for the answer; 0: a message."""
        required = [call.required and not call.asynchronous for _, call in sites]
        self.call_required: Floats = np.array(required, dtype=np.float32)[:, None]
        """[C, 1] 1: the caller fails where the call does."""

    def _compile_journeys(self) -> None:
        application = self.application
        self.request_journey: Ints = np.array(
            [application.journey_names.index(request.journey) for request in application.request_types]
        )
        """[R]"""
        slo = [journey.slo_latency_milliseconds for journey in application.journeys]
        self.request_slo_seconds: Floats = np.array(slo, dtype=np.float32)[self.request_journey, None] / 1e3
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
        """[H, 1] infinite for messages, which nobody waits for."""
        limits = [np.inf if channel.asynchronous else channel.timeout_seconds for channel in self.channels]
        return np.array(limits, dtype=np.float32)[:, None]

    @cached_property
    def channel_retries(self) -> Floats:
        """[H, 1] further attempts after a failed one, without what a flag adds."""
        retries = [0 if channel.asynchronous else channel.max_retries for channel in self.channels]
        return np.array(retries, dtype=np.float32)[:, None]

    @cached_property
    def channel_awaited(self) -> Floats:
        """[H, 1] 1: the caller waits for the answer; 0: messages."""
        return np.array([[not channel.asynchronous] for channel in self.channels], dtype=np.float32)

    @cached_property
    def is_consumer(self) -> NDArray[np.bool_]:
        """[S] takes messages: its waiting line has no bound."""
        consumers = {channel.service for channel in self.channels if channel.asynchronous}
        return np.array([s in consumers for s in range(self.num_services)])

    @cached_property
    def call_operation(self) -> Ints:
        """[C] the callee operation."""
        return self.channel_operation[self.call_channel]

    @cached_property
    def channel_service(self) -> Ints:
        """[H] the callee service."""
        return self.operation_service[self.channel_operation]

    @cached_property
    def patience_seconds(self) -> Floats:
        """[S, 1] the shortest time after which a caller gives up waiting for a service; infinite if nobody waits."""
        limits = np.full((self.num_services, 1), np.inf, dtype=np.float32)
        np.minimum.at(limits, self.channel_service, self.channel_timeout_seconds)
        return limits

    @cached_property
    def channel_weight(self) -> Floats:
        """[H, 1] one over the channels between the same two services."""
        pairs = [(channel.source, channel.service) for channel in self.channels]
        return np.array([[1.0 / pairs.count(pair)] for pair in pairs], dtype=np.float32)

    @cached_property
    def channel_unbound(self) -> Floats:
        """[H, 1] 1 where no worker waits for the answer: users' requests, and messages."""
        entry = self.service_index[LOAD_GENERATOR]
        unbound = [channel.asynchronous or channel.source == entry for channel in self.channels]
        return np.array(unbound, dtype=np.float32)[:, None]

    @cached_property
    def parts(self) -> tuple[Ints, ...]:
        """[S + E + J] which channels or operations a service, an edge, a journey is a mixture of (see `quantiles`).

        Rows are operations, then channels; services stand in the application's order.
        """
        first = self.num_operations
        services = [np.flatnonzero(self.operation_service == s) for s in self.public_services]
        edges = [first + np.flatnonzero(self.channel_edge == e) for e in range(len(self.application.edges))]
        journeys = [
            first + self.request_channel[self.request_journey == j] for j in range(len(self.application.journeys))
        ]
        return (*services, *edges, *journeys)

    def _service_column(self, key: str) -> Floats:
        """[S, 1] a number of each service, by its field's name."""
        return np.array([[getattr(service, key)] for service in self.services], dtype=np.float32)

    def _request_column(self, key: str, limit: str) -> Floats:
        """[S, 1] what is reserved for each replica; the limit where the application names no request."""
        requests = [getattr(service, key) for service in self.services]
        limits = [getattr(service, limit) for service in self.services]
        columns = [[lim if req is None else req] for req, lim in zip(requests, limits, strict=True)]
        return np.array(columns, dtype=np.float32)


def _levels(application: Application) -> dict[str, int]:
    """Longest path from the load generator to each service; at least 1 for every other service."""
    levels = {name: int(name != LOAD_GENERATOR) for name in application.service_names}
    for _ in application.services:
        for edge in application.edges:
            levels[edge.target] = max(levels[edge.target], levels[edge.source] + 1)
    return levels
