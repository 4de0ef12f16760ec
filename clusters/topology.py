"""An application as data: services, the operations they serve, the calls between them, journeys and flags.

Everything downstream (the simulator, Kubernetes manifests, the action catalogue, telemetry layouts) is derived
from these classes; nothing else names a service.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

LOAD_GENERATOR = "load-generator"


class ServiceKind(StrEnum):
    """What a service is, which decides the actions that make sense on it."""

    STATELESS = "stateless"
    CACHE = "cache"
    DATABASE = "database"
    FLAGS = "flags"
    LOAD_GENERATOR = "load_generator"


@dataclass(frozen=True, kw_only=True)
class Range:
    """A closed interval that a parameter is drawn from, per seed (domain randomisation). Equal ends: a constant."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Call:
    """A synchronous call that an operation makes; an operation's calls happen one after the other."""

    operation: str
    """The callee as `service.Operation`."""
    count: float = 1.0
    """Mean calls per execution of the caller."""
    timeout_seconds: float = 2.0
    """The caller gives up on one attempt after this long."""
    max_retries: int = 0
    """Further attempts after a failed one."""
    required: bool = True
    """False: the caller ignores a failure and goes on."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that a service does when asked."""

    name: str
    cpu_milliseconds: Range
    """CPU time of one execution at the service itself, without its calls."""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """One deployment. `name` is the Deployment's, the Service's and the container's name in Kubernetes."""

    name: str
    kind: ServiceKind
    protocol: str
    """How its clients reach it: `http`, `grpc` or `tcp`."""
    port: int
    replicas: int
    max_replicas: int
    workers_per_replica: int
    """Requests that one replica works on at once; the rest wait in its queue."""
    cpu_limit_millicores: float
    memory_limit_bytes: float
    memory_base_bytes: float
    memory_per_request_bytes: float
    """Memory held per request in the service (queued or served)."""
    startup_seconds: float
    """From a replica's creation to its first request."""
    operations: tuple[Operation, ...]

    @property
    def is_scalable(self) -> bool:
        """Whether more replicas mean more capacity."""
        return self.kind is ServiceKind.STATELESS

    def operation(self, name: str) -> Operation:
        """The operation called `name`; KeyError if the service has none such."""
        for operation in self.operations:
            if operation.name == name:
                return operation
        raise KeyError(f"{self.name} has no operation {name!r}: it has {[o.name for o in self.operations]}")


@dataclass(frozen=True, kw_only=True)
class Journey:
    """What a user wants to do, with its service level objective, measured at the entry."""

    name: str
    slo_latency_milliseconds: float
    """A request is good if it succeeds within this time; the p95 must not exceed it."""
    slo_error_ratio: float
    """Largest acceptable share of failed requests."""


@dataclass(frozen=True, kw_only=True)
class RequestType:
    """One kind of request that users send to the entry, and the journey it belongs to."""

    name: str
    journey: str
    operation: str
    """The operation that serves it, as `service.Operation`."""
    weight: float
    """Share of the request mix, relative to the other types."""


@dataclass(frozen=True, kw_only=True)
class FlagEffect:
    """What a flag's bad variant does to one service."""

    service: str
    cpu_factor: float = 1.0
    """Multiplies the CPU cost of every operation."""
    error_ratio: float = 0.0
    """Share of executions that fail by themselves."""
    added_latency_milliseconds: float = 0.0
    """Waiting added to every execution; it holds a worker and uses no CPU."""
    call_factor: float = 1.0
    """Multiplies the calls the service makes to `call_target`."""
    call_target: str = ""
    """The callee service that `call_factor` applies to."""


@dataclass(frozen=True, kw_only=True)
class ConfigFlag:
    """A configuration value with a good and a bad version, owned by one service."""

    name: str
    service: str
    """The service whose configuration it is: a roll-back of that service's configuration resets it."""
    effects: tuple[FlagEffect, ...]
    good_variant: str = "off"
    bad_variant: str = "on"


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A directed service-to-service dependency."""

    source: str
    target: str
    protocol: str


@dataclass(frozen=True, kw_only=True)
class Application:
    """A microservice system. Tuples fix the order of every array: services, edges, journeys, request types."""

    name: str
    services: tuple[Service, ...]
    """The load generator is among them: it is the entry's client."""
    journeys: tuple[Journey, ...]
    request_types: tuple[RequestType, ...]
    flags: tuple[ConfigFlag, ...]
    nominal_rate_rps: float
    """Request rate at the entry that the default capacity is meant for."""

    @cached_property
    def service_names(self) -> tuple[str, ...]:
        """Names in array order."""
        return tuple(service.name for service in self.services)

    @cached_property
    def journey_names(self) -> tuple[str, ...]:
        """Names in array order."""
        return tuple(journey.name for journey in self.journeys)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Every distinct caller-callee pair, sorted by (caller, callee) in service order."""
        index = {name: position for position, name in enumerate(self.service_names)}
        pairs = {(LOAD_GENERATOR, request.operation.split(".")[0]) for request in self.request_types}
        for service in self.services:
            pairs |= {(service.name, call.operation.split(".")[0]) for op in service.operations for call in op.calls}
        ordered = sorted(pairs, key=lambda pair: (index[pair[0]], index[pair[1]]))
        return tuple(Edge(source=a, target=b, protocol=self.service(b).protocol) for a, b in ordered)

    def service(self, name: str) -> Service:
        """The service called `name`; KeyError naming the known ones otherwise."""
        for service in self.services:
            if service.name == name:
                return service
        raise KeyError(f"{self.name} has no service {name!r}: it has {', '.join(self.service_names)}")

    def flag(self, name: str) -> ConfigFlag:
        """The flag called `name`; KeyError naming the known ones otherwise."""
        for flag in self.flags:
            if flag.name == name:
                return flag
        raise KeyError(f"{self.name} has no flag {name!r}: it has {', '.join(f.name for f in self.flags)}")
