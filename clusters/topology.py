"""An application as data: services, the operations they serve, the calls between them, journeys and flags.

Everything downstream (the simulator, Kubernetes manifests, the action catalogue, telemetry layouts) is derived
from these classes; nothing else names a service.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from clusters.kubernetes_part import FlagDelivery, KubernetesPart

LOAD_GENERATOR = "load-generator"


class ServiceKind(StrEnum):
    """What a service is, which decides the actions that make sense on it."""

    STATELESS = "stateless"
    CACHE = "cache"
    DATABASE = "database"
    FLAGS = "flags"
    QUEUE = "queue"
    """A message broker: what it hands over asynchronously waits at its consumers."""
    EXTERNAL_MODEL = "external_model"
    """A language model behind an API: slow, rate-limited, no replica of ours helps."""
    LOAD_GENERATOR = "load_generator"


@dataclass(frozen=True, kw_only=True)
class Range:
    """A closed interval that a parameter is drawn from, per seed (domain randomisation). Equal ends: a constant."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that an operation makes; an operation's calls happen one after the other."""

    operation: str
    """The callee as `service.Operation`."""
    count: float = 1.0
    """Mean calls per execution of the caller; a fraction is a chance."""
    timeout_seconds: float = 2.0
    """The caller gives up on one attempt after this long."""
    max_retries: int = 0
    """Further attempts after a failed one."""
    required: bool = True
    """False: the caller ignores a failure and goes on."""
    omittable: bool = False
    """True: the caller can be told to leave the call out, and then answers without what it would have given."""
    asynchronous: bool = False
    """True: a message. The caller does not wait; the callee is a consumer whose waiting line, the lag, has no bound."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that a service does when asked."""

    name: str
    cpu_milliseconds: Range
    """CPU time of one execution at the service itself, without its calls."""
    latency_milliseconds: Range = Range(low=0.0, high=0.0)
    """Time of one execution that uses no CPU (a disk, a model elsewhere); it holds a worker."""
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Service:
    """One deployment. `name` is the Deployment's, the Service's and the container's name in Kubernetes."""

    name: str
    kind: ServiceKind
    protocol: str
    """How it is reached: `http`, `grpc`, `tcp` or `kafka`."""
    port: int | None
    """None: nothing connects to it, because it fetches its work itself (a consumer of messages)."""
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
    cpu_request_millicores: float | None = None
    """What the scheduler reserves per replica, and what is paid for; None: the limit."""
    memory_request_bytes: float | None = None
    """The same of memory; None: the limit."""
    max_rate_rps: float | None = None
    """Requests per second that the service accepts; it answers 429 to more. None: no limit of its own."""
    kubernetes: KubernetesPart | None = None
    """Its upstream image; None: there is none, so that only synthetic images can play it."""

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
class HttpRequest:
    """A request as the application's own images take it. `{user}` and `{product}` in path and body stand for ids."""

    path: str
    method: str = "GET"
    body: str = ""
    """JSON; empty: none."""
    products: tuple[str, ...] = ()
    """Ids that `{product}` is drawn of."""


@dataclass(frozen=True, kw_only=True)
class RequestType:
    """One kind of request that users send to the entry, and the journey it belongs to."""

    name: str
    journey: str
    operation: str
    """The operation that serves it, as `service.Operation`."""
    weight: float
    """Share of the request mix, relative to the other types."""
    http: HttpRequest | None = None
    """What it is to the application's own images; None: only synthetic ones know it, by its operation."""


@dataclass(frozen=True, kw_only=True)
class FlagEffect:
    """What a flag's bad variant does to one service."""

    service: str
    operation: str = ""
    """The operation that cost, errors and latency change for; empty: all of the service's."""
    cpu_factor: float = 1.0
    """Multiplies the CPU cost of an execution."""
    error_ratio: float = 0.0
    """Share of executions that fail by themselves."""
    added_latency_milliseconds: float = 0.0
    """Waiting added to every execution; it holds a worker and uses no CPU."""
    call_factor: float = 1.0
    """Multiplies the calls the service makes to `call_target`."""
    call_target: str = ""
    """The callee service that `call_factor` applies to; with `added_retries`, empty means every callee."""
    added_retries: int = 0
    """Further attempts after each failed call of the service."""
    leak_bytes_per_request: float = 0.0
    """Memory that each execution leaves behind until its replica restarts."""


@dataclass(frozen=True, kw_only=True)
class ConfigFlag:
    """A configuration value with a good and a bad version, owned by one service."""

    name: str
    service: str
    """The service whose configuration it is: a roll-back of that service's configuration resets it."""
    effects: tuple[FlagEffect, ...]
    good_variant: str = "off"
    bad_variant: str = "on"
    delivery: FlagDelivery = FlagDelivery.FLAGD
    """How services learn of it on a live stand."""
    good_value: bool | int | float = False
    """What the flag server answers while the good variant is set; not used for other deliveries."""
    bad_value: bool | int | float = True
    """The same of the bad variant."""


@dataclass(frozen=True, kw_only=True)
class ReleaseEffect:
    """How a release differs from the version that the application's YAML describes."""

    operation: str = ""
    """The operation that changes; empty: all of the service. So a release may be worse under some request mix only."""
    cpu_factor: float = 1.0
    error_ratio: float = 0.0
    added_latency_milliseconds: float = 0.0
    settles_after_seconds: float | None = None
    """The effect is gone so long after the first replica of the release started (caches fill); None: it stays."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A version of one service that can be rolled out in place of the present one, whole or as a canary."""

    name: str
    service: str
    effects: tuple[ReleaseEffect, ...] = ()
    image_exists: bool = True
    """False: its image cannot be pulled, so its replicas never start."""


@dataclass(frozen=True, kw_only=True)
class OptionalGroup:
    """Services that may be switched off together: their callers then leave the calls out, and users miss a feature."""

    name: str
    services: tuple[str, ...]


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
    version: str = ""
    """Of the upstream system; a label of every object. Empty: it has none."""
    releases: tuple[Release, ...] = ()
    optional_groups: tuple[OptionalGroup, ...] = ()
    cpu_quota_millicores: float | None = None
    """Sum of the CPU limits that the namespace's quota allows, but for the load generator's, which belongs to the
    scenario; None: no quota."""
    memory_quota_bytes: float | None = None
    """The same of memory limits."""

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

    def release(self, name: str) -> Release:
        """The release called `name`; KeyError naming the known ones otherwise."""
        for release in self.releases:
            if release.name == name:
                return release
        raise KeyError(f"{self.name} has no release {name!r}: it has {', '.join(r.name for r in self.releases)}")

    def optional_group(self, name: str) -> OptionalGroup:
        """The optional group called `name`; KeyError naming the known ones otherwise."""
        for group in self.optional_groups:
            if group.name == name:
                return group
        raise KeyError(f"{self.name} has no group {name!r}: it has {', '.join(g.name for g in self.optional_groups)}")

    def flag(self, name: str) -> ConfigFlag:
        """The flag called `name`; KeyError naming the known ones otherwise."""
        for flag in self.flags:
            if flag.name == name:
                return flag
        raise KeyError(f"{self.name} has no flag {name!r}: it has {', '.join(f.name for f in self.flags)}")
