"""What one pod must know of its application: drawn up outside, read inside, JSON in between."""

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args, get_type_hints

if TYPE_CHECKING:  # the pod's image has no `clusters.topology`
    from clusters.topology import Application, Call, ConfigFlag, FlagEffect, Range, Service

T = TypeVar("T")

HEALTH_PORT: Final = 8090
"""`GET /healthz` in every pod, whatever it plays."""
OFREP_PORT: Final = 8016
"""The flag server's OpenFeature Remote Evaluation Protocol, as flagd has it."""
FLAG_FILE_PORT: Final = 4000
"""The flag server's `/api/read` and `/api/write`, as the demo's flagd-ui has them."""
RUNTIME_MEMORY_BYTES: Final = 83_886_080.0
"""80 MiB: what Python and its packages take, beside what the YAML says (`tests/benchmarks/k3s_synthetic.py`)."""


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """`clusters.topology.Call`, its callee split."""

    service: str
    operation: str
    count: float
    timeout_seconds: float
    max_retries: int
    required: bool
    omittable: bool
    asynchronous: bool


@dataclass(frozen=True, kw_only=True)
class PlannedOperation:
    """`clusters.topology.Operation` with the means of its ranges."""

    name: str
    cpu_milliseconds: float
    latency_milliseconds: float
    calls: tuple[PlannedCall, ...]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A service that is called."""

    service: str
    protocol: str
    """`grpc`; all others speak HTTP here."""
    address: str
    """`host:port`."""


@dataclass(frozen=True, kw_only=True)
class PlannedEffect:
    """What a flag or a release changes at this service: `FlagEffect` and `ReleaseEffect` in one."""

    operation: str = ""
    cpu_factor: float = 1.0
    error_ratio: float = 0.0
    added_latency_milliseconds: float = 0.0
    call_factor: float = 1.0
    call_target: str = ""
    added_retries: int = 0
    leak_bytes_per_request: float = 0.0
    settles_after_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class PlannedFlag:
    """A flag that this service owns or that has an effect on it."""

    name: str
    owner: str
    is_served: bool
    """True: the flag server evaluates it. False: it is a variable of the owner's pods."""
    good_variant: str
    bad_variant: str
    good_value: bool | float
    """What the flag server answers for the variant."""
    bad_value: bool | float
    effects: tuple[PlannedEffect, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedRelease:
    """A release of this service."""

    name: str
    effects: tuple[PlannedEffect, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedGroup:
    """An optional group."""

    name: str
    services: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PlannedRequest:
    """A request type of the load generator."""

    name: str
    journey: str
    slo_latency_milliseconds: float
    service: str
    operation: str
    method: str = "POST"
    path: str = ""
    """As the demo's own images take it; empty: synthetic ones do, by `operation`."""
    body: str = ""
    products: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ServicePlan:
    """One service as its pods play it."""

    service: str
    kind: str
    """A `clusters.topology.ServiceKind`."""
    protocol: str
    port: int | None
    workers: int
    memory_base_bytes: float
    memory_per_request_bytes: float
    max_rate_rps: float | None
    operations: tuple[PlannedOperation, ...]
    peers: tuple[Peer, ...]
    flags: tuple[PlannedFlag, ...]
    """The flag server's: all that it serves."""
    releases: tuple[PlannedRelease, ...]
    groups: tuple[PlannedGroup, ...]
    requests: tuple[PlannedRequest, ...] = ()
    """The load generator's."""
    flag_server: str = ""
    """`host:port` of OFREP; empty: the application has none."""
    broker: Peer | None = None
    """Where a consumer fetches its messages; None: it is none."""
    health_port: int = HEALTH_PORT
    ofrep_port: int = OFREP_PORT
    flag_file_port: int = FLAG_FILE_PORT

    def operation(self, name: str) -> PlannedOperation | None:
        """The operation called `name`, if the service has it."""
        return next((operation for operation in self.operations if operation.name == name), None)

    def peer(self, service: str) -> Peer:
        """How `service` is reached; KeyError if the plan does not call it."""
        for peer in self.peers:
            if peer.service == service:
                return peer
        raise KeyError(f"{self.service} has no peer {service!r}")


def service_plan(application: "Application", name: str, *, speaks_demo: bool = False) -> ServicePlan:
    """The plan of the service called `name`; with `speaks_demo` a load generator's requests are for the demo's images.

    Raises:
        KeyError: the application has no such service.
        ValueError: its load generator would have to speak another protocol than HTTP, or a request type does not say
            what it is to the demo's images.
    """
    service = application.service(name)
    calls = [call for operation in service.operations for call in operation.calls]
    callees = {call.operation.split(".")[0] for call in calls if not call.asynchronous}
    requests = _requests(application, speaks_demo) if service.kind == "load_generator" else ()
    callees |= {request.service for request in requests}
    flag_server = next((other.name for other in application.services if other.kind == "flags"), "")
    return ServicePlan(
        service=name,
        kind=str(service.kind),
        protocol=service.protocol,
        port=service.port,
        workers=service.workers_per_replica,
        memory_base_bytes=service.memory_base_bytes,
        memory_per_request_bytes=service.memory_per_request_bytes,
        max_rate_rps=service.max_rate_rps,
        operations=tuple(
            PlannedOperation(
                name=operation.name,
                cpu_milliseconds=_mean(operation.cpu_milliseconds),
                latency_milliseconds=_mean(operation.latency_milliseconds),
                calls=tuple(_call(call) for call in operation.calls),
            )
            for operation in service.operations
        ),
        peers=tuple(_peer(application.service(callee)) for callee in sorted(callees)),
        flags=tuple(_flag(flag, name) for flag in application.flags if _concerns(flag, service)),
        releases=tuple(
            PlannedRelease(name=release.name, effects=tuple(PlannedEffect(**asdict(e)) for e in release.effects))
            for release in application.releases
            if release.service == name
        ),
        groups=tuple(
            PlannedGroup(name=group.name, services=tuple(group.services)) for group in application.optional_groups
        ),
        requests=requests,
        flag_server=f"{flag_server}:{OFREP_PORT}" if flag_server else "",
        broker=_broker(application, name),
    )


def plan_document(plan: ServicePlan) -> dict[str, Any]:
    """The plan as plain JSON."""
    document: dict[str, Any] = asdict(plan)
    return document


def read_plan(document: Mapping[str, Any]) -> ServicePlan:
    """What `plan_document` was given.

    Raises:
        TypeError: a key is unknown or missing.
    """
    return _read(document, ServicePlan)


def _concerns(flag: "ConfigFlag", service: "Service") -> bool:
    if service.kind == "flags":
        return flag.delivery == "flagd"
    return flag.service == service.name or any(effect.service == service.name for effect in flag.effects)


def _flag(flag: "ConfigFlag", service: str) -> PlannedFlag:
    # OpenFeature tells integers from floating-point numbers, and JSON does not.
    is_boolean = isinstance(flag.good_value, bool) and isinstance(flag.bad_value, bool)
    return PlannedFlag(
        name=flag.name,
        owner=flag.service,
        is_served=flag.delivery == "flagd",
        good_variant=flag.good_variant,
        bad_variant=flag.bad_variant,
        good_value=flag.good_value if is_boolean else float(flag.good_value),
        bad_value=flag.bad_value if is_boolean else float(flag.bad_value),
        effects=tuple(_effect(effect) for effect in flag.effects if effect.service == service),
    )


def _effect(effect: "FlagEffect") -> PlannedEffect:
    return PlannedEffect(**{key: value for key, value in asdict(effect).items() if key != "service"})


def _call(call: "Call") -> PlannedCall:
    service, _, operation = call.operation.partition(".")
    return PlannedCall(**(asdict(call) | {"service": service, "operation": operation}))


def _peer(service: "Service") -> Peer:
    return Peer(service=service.name, protocol=service.protocol, address=f"{service.name}:{service.port}")


def _broker(application: "Application", consumer: str) -> Peer | None:
    for service in application.services:
        for operation in service.operations:
            if any(c.asynchronous and c.operation.startswith(f"{consumer}.") for c in operation.calls):
                return _peer(service)
    return None


def _requests(application: "Application", speaks_demo: bool) -> tuple[PlannedRequest, ...]:
    objectives = {journey.name: journey.slo_latency_milliseconds for journey in application.journeys}
    planned = []
    for request in application.request_types:
        entry, _, operation = request.operation.partition(".")
        if application.service(entry).protocol != "http":
            raise ValueError(f"request type {request.name} enters at {entry}, which must speak http")
        if speaks_demo and request.http is None:
            raise ValueError(f"request type {request.name} has no http part, so the demo's images do not know it")
        known = PlannedRequest(
            name=request.name,
            journey=request.journey,
            slo_latency_milliseconds=objectives[request.journey],
            service=entry,
            operation=operation,
        )
        planned.append(replace(known, **asdict(request.http)) if speaks_demo and request.http is not None else known)
    return tuple(planned)


def _mean(drawn: "Range") -> float:
    return (drawn.low + drawn.high) / 2.0


def _read(document: Any, kind: type[T]) -> T:
    hints = _hints(cast(Hashable, kind))
    return kind(**{key: _value(value, hints.get(key)) for key, value in document.items()})


def _value(value: Any, hint: Any) -> Any:
    # Fields are scalars, a dataclass or None, or tuples of either: their first argument says which.
    item = get_args(hint)[0] if get_args(hint) else None
    if isinstance(value, list):
        return tuple(_read(each, item) if is_dataclass(item) and isinstance(item, type) else each for each in value)
    return _read(value, item) if isinstance(value, dict) and isinstance(item, type) else value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
