"""What types cannot say about an application, checked as a whole; here the entry, cycles of calls and the quotas."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from clusters.applications.call_validation import call_problems, reference_problems
from clusters.applications.change_validation import flag_problems, group_problems, release_problems
from clusters.applications.kubernetes_validation import delivery_problems, kubernetes_problems
from clusters.applications.service_validation import duplicates, service_problems
from clusters.topology import LOAD_GENERATOR, Application, ServiceKind
from ray_configs.errors import UserError


def check_application(application: Application, *, source: str) -> None:
    """Refuse an application that no stand could run; `source` names it in the message.

    Raises:
        UserError: the first problem found: what is wrong and how to mend it.
    """
    for problem in _problems(application):
        raise UserError(f"{source}: {problem}")


def _problems(application: Application) -> Iterator[str]:
    yield from duplicates("service", application.service_names)
    yield from duplicates("journey", application.journey_names)
    yield from duplicates("request type", (request.name for request in application.request_types))
    yield from duplicates("flag", (flag.name for flag in application.flags))
    yield from duplicates("release", (release.name for release in application.releases))
    yield from duplicates("optional group", (group.name for group in application.optional_groups))
    generators = [service.name for service in application.services if service.kind is ServiceKind.LOAD_GENERATOR]
    if generators != [LOAD_GENERATOR]:
        yield f"exactly one service must be the load generator, called {LOAD_GENERATOR!r}; found {generators}"
    for service in application.services:
        yield from service_problems(service)
    yield from call_problems(application)
    yield from _entry_problems(application)
    yield from _cycle_problems(application)
    yield from flag_problems(application)
    yield from release_problems(application)
    yield from group_problems(application)
    yield from _quota_problems(application)
    yield from kubernetes_problems(application)
    yield from delivery_problems(application)


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
        yield from reference_problems(application, f"request type {request.name!r} goes to", request.operation)
    if not sum(request.weight for request in application.request_types) > 0:
        yield "the weights of request_types sum to 0; give at least one a positive weight"
    for name in application.journey_names:
        if all(request.journey != name for request in application.request_types):
            yield f"journey {name!r} has no request type; add one or remove the journey"


def _cycle_problems(application: Application) -> Iterator[str]:
    callees: dict[str, set[str]] = {name: set() for name in application.service_names}
    for edge in application.edges:
        callees[edge.source].add(edge.target)
    try:
        TopologicalSorter(callees).prepare()
    except CycleError as error:
        path = " -> ".join(reversed(error.args[1]))
        yield f"the calls {path} form a cycle; remove one of them"


def _quota_problems(application: Application) -> Iterator[str]:
    quotas = (
        ("cpu_quota_millicores", application.cpu_quota_millicores, "cpu_limit_millicores"),
        ("memory_quota_bytes", application.memory_quota_bytes, "memory_limit_bytes"),
    )
    for key, quota, limit in quotas:
        counted = (service for service in application.services if service.kind is not ServiceKind.LOAD_GENERATOR)
        baseline = sum(service.replicas * getattr(service, limit) for service in counted)
        if quota is not None and quota < baseline:
            yield f"{key} is {quota:.0f}, but the services' limits sum to {baseline:.0f}; raise it"
