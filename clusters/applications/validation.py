"""What types cannot say about an application: references that resolve, numbers in range, calls without a cycle."""

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from clusters.topology import LOAD_GENERATOR, Application, FlagEffect, Range, Service, ServiceKind
from ray_configs.errors import UserError


def check_application(application: Application, *, source: str) -> None:
    """Refuse an application that no stand could run; `source` names it in the message.

    Raises:
        UserError: the first problem found: what is wrong and how to mend it.
    """
    for problem in _problems(application):
        raise UserError(f"{source}: {problem}")


def _problems(application: Application) -> Iterator[str]:
    yield from _duplicates("service", application.service_names)
    yield from _duplicates("journey", application.journey_names)
    yield from _duplicates("request type", (request.name for request in application.request_types))
    yield from _duplicates("flag", (flag.name for flag in application.flags))
    generators = [service.name for service in application.services if service.kind is ServiceKind.LOAD_GENERATOR]
    if generators != [LOAD_GENERATOR]:
        yield f"exactly one service must be the load generator, called {LOAD_GENERATOR!r}; found {generators}"
    for service in application.services:
        yield from _service_problems(service)
    yield from _call_problems(application)
    yield from _entry_problems(application)
    yield from _flag_problems(application)
    yield from _cycle_problems(application)


def _duplicates(kind: str, names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield f"{kind} {name!r} stands twice; rename or remove one"
        seen.add(name)


def _service_problems(service: Service) -> Iterator[str]:
    yield from _duplicates(f"{service.name}: operation", (operation.name for operation in service.operations))
    if service.protocol not in ("http", "grpc", "tcp"):
        yield f"service {service.name!r} has protocol {service.protocol!r}; use http, grpc or tcp"
    for key in (
        "port",
        "replicas",
        "workers_per_replica",
        "cpu_limit_millicores",
        "memory_limit_bytes",
        "memory_base_bytes",
        "memory_per_request_bytes",
        "startup_seconds",
    ):
        if not getattr(service, key) > 0:
            yield f"service {service.name!r} has {key} {getattr(service, key)}; it must be positive"
    if service.max_replicas < service.replicas:
        yield (
            f"service {service.name!r} has max_replicas {service.max_replicas}, below its replicas "
            f"{service.replicas}; raise it"
        )
    if service.memory_base_bytes >= service.memory_limit_bytes:
        yield f"service {service.name!r} needs more memory at rest than its limit; raise memory_limit_bytes"
    for operation in service.operations:
        yield from _range_problems(f"{service.name}.{operation.name}", operation.cpu_milliseconds)


def _range_problems(name: str, value: Range) -> Iterator[str]:
    if not 0 < value.low <= value.high:
        yield f"operation {name!r} has cpu_milliseconds from {value.low} to {value.high}; write 0 < low <= high"


def _call_problems(application: Application) -> Iterator[str]:
    for service in application.services:
        for operation in service.operations:
            caller = f"{service.name}.{operation.name}"
            for call in operation.calls:
                yield from _reference_problems(application, f"operation {caller!r} calls", call.operation)
                if call.count <= 0 or call.timeout_seconds <= 0 or call.max_retries < 0:
                    yield (
                        f"operation {caller!r} calls {call.operation!r} with count {call.count}, timeout_seconds "
                        f"{call.timeout_seconds}, max_retries {call.max_retries}; the first two must be positive, "
                        "the last not negative"
                    )


def _reference_problems(application: Application, where: str, reference: str) -> Iterator[str]:
    service_name, _, operation_name = reference.partition(".")
    if service_name not in application.service_names:
        yield (
            f"{where} {reference!r}, but there is no service {service_name!r}; "
            f"known services: {', '.join(application.service_names)}"
        )
        return
    names = [operation.name for operation in application.service(service_name).operations]
    if operation_name not in names:
        yield (
            f"{where} {reference!r}, but {service_name} has no operation {operation_name!r}; "
            f"it has: {', '.join(names) or 'none'}"
        )


def _entry_problems(application: Application) -> Iterator[str]:
    if not application.nominal_rate_rps > 0:
        yield f"nominal_rate_rps is {application.nominal_rate_rps}; it must be positive"
    for journey in application.journeys:
        if journey.slo_latency_milliseconds <= 0 or not 0 <= journey.slo_error_ratio <= 1:
            yield f"journey {journey.name!r} needs a positive slo_latency_milliseconds and an error ratio in 0 to 1"
    for request in application.request_types:
        if request.journey not in application.journey_names:
            yield (
                f"request type {request.name!r} belongs to journey {request.journey!r}, which does not exist; "
                f"known journeys: {', '.join(application.journey_names)}"
            )
        if not request.weight >= 0:
            yield f"request type {request.name!r} has weight {request.weight}; it must not be negative"
        yield from _reference_problems(application, f"request type {request.name!r} goes to", request.operation)
    if not sum(request.weight for request in application.request_types) > 0:
        yield "the weights of request_types sum to 0; give at least one a positive weight"
    for name in application.journey_names:
        if all(request.journey != name for request in application.request_types):
            yield f"journey {name!r} has no request type; add one or remove the journey"


def _flag_problems(application: Application) -> Iterator[str]:
    for flag in application.flags:
        where = f"flag {flag.name!r}"
        if flag.good_variant == flag.bad_variant:
            yield f"{where} has the same good and bad variant {flag.good_variant!r}; name them differently"
        for name in (flag.service, *(effect.service for effect in flag.effects)):
            if name not in application.service_names:
                yield (
                    f"{where} names service {name!r}, which does not exist; "
                    f"known services: {', '.join(application.service_names)}"
                )
                return
        for effect in flag.effects:
            yield from _effect_problems(application, where, effect)


def _effect_problems(application: Application, where: str, effect: FlagEffect) -> Iterator[str]:
    if not (
        effect.cpu_factor > 0
        and effect.call_factor >= 0
        and effect.added_latency_milliseconds >= 0
        and 0 <= effect.error_ratio <= 1
    ):
        yield f"{where} has a factor or ratio out of range at {effect.service!r}; factors are positive, ratios 0 to 1"
    if effect.call_factor != 1 and not any(
        edge.source == effect.service and edge.target == effect.call_target for edge in application.edges
    ):
        yield (
            f"{where} multiplies calls from {effect.service!r} to {effect.call_target!r}, but there are none such; "
            "name a service that it calls as call_target"
        )


def _cycle_problems(application: Application) -> Iterator[str]:
    callees: dict[str, set[str]] = {name: set() for name in application.service_names}
    for edge in application.edges:
        callees[edge.source].add(edge.target)
    try:
        TopologicalSorter(callees).prepare()
    except CycleError as error:
        path = " -> ".join(reversed(error.args[1]))
        yield f"the calls {path} form a cycle; remove one of them"
