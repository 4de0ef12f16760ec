"""What may change in an application while it runs: flags, releases and optional groups that name what exists."""

from collections.abc import Iterator

from clusters.topology import LOAD_GENERATOR, Application, FlagEffect, OptionalGroup, Release, ReleaseEffect


def flag_problems(application: Application) -> Iterator[str]:
    """What is wrong with the flags."""
    for flag in application.flags:
        where = f"flag {flag.name!r}"
        if flag.good_variant == flag.bad_variant:
            yield f"{where} has the same good and bad variant {flag.good_variant!r}; name them differently"
        if not flag.effects:
            yield f"{where} has no effects; say what its bad variant does, or remove it"
        yield from _unknown_services(application, where, (flag.service, *(effect.service for effect in flag.effects)))
        for effect in flag.effects:
            yield from _flag_effect_problems(application, where, effect)


def release_problems(application: Application) -> Iterator[str]:
    """What is wrong with the releases."""
    for release in application.releases:
        where = f"release {release.name!r}"
        yield from _unknown_services(application, where, (release.service,))
        if release.service == LOAD_GENERATOR:
            yield f"{where} is of the load generator, which has one version only; remove it"
        if release.effects and not release.image_exists:
            yield f"{where} has effects but no image that could have them; remove the effects, or set image_exists"
        for effect in release.effects:
            yield from _release_effect_problems(application, where, release, effect)


def group_problems(application: Application) -> Iterator[str]:
    """What is wrong with the optional groups."""
    owner: dict[str, str] = {}
    for group in application.optional_groups:
        where = f"optional group {group.name!r}"
        if not group.services:
            yield f"{where} has no services; name at least one"
        yield from _unknown_services(application, where, group.services)
        for name in group.services:
            if name == LOAD_GENERATOR:
                yield f"{where} holds the load generator, without which nothing is served; take it out"
            if name in owner:
                yield f"{where} holds {name!r}, as does {owner[name]!r}; leave it in one of them"
            owner[name] = group.name
        yield from _core_path_problems(application, where, group)


def _core_path_problems(application: Application, where: str, group: OptionalGroup) -> Iterator[str]:
    for request in application.request_types:
        if request.operation.split(".")[0] in group.services:
            yield f"{where} serves request type {request.name!r} itself, which nobody can leave out; take it out"
    for service in application.services:
        for operation in service.operations if service.name not in group.services else ():
            for call in operation.calls:
                if call.operation.split(".")[0] in group.services and call.required and not call.omittable:
                    yield (
                        f"{where} is needed by {service.name}.{operation.name}, which must call {call.operation!r}; "
                        "make the call omittable or not required, or take the service out"
                    )


def _unknown_services(application: Application, where: str, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name not in application.service_names:
            yield (
                f"{where} names service {name!r}, which does not exist; "
                f"known services: {', '.join(application.service_names)}"
            )


def _unknown_operation(application: Application, where: str, service: str, operation: str) -> Iterator[str]:
    names = [known.name for known in application.service(service).operations]
    if operation and operation not in names:
        yield f"{where} names operation {operation!r} of {service!r}; it has: {', '.join(names) or 'none'}"


def _flag_effect_problems(application: Application, where: str, effect: FlagEffect) -> Iterator[str]:
    yield from _unknown_operation(application, where, effect.service, effect.operation)
    if not (
        _in_range(effect)
        and effect.call_factor >= 0
        and effect.added_retries >= 0
        and effect.leak_bytes_per_request >= 0
    ):
        yield (
            f"{where} has a factor, ratio or amount out of range at {effect.service!r}; "
            "factors are positive, ratios 0 to 1, the rest not negative"
        )
    if effect.operation and (effect.call_factor != 1 or effect.added_retries or effect.leak_bytes_per_request):
        yield f"{where} changes calls or memory of one operation; these are the service's: leave operation out there"
    if effect == FlagEffect(service=effect.service, operation=effect.operation, call_target=effect.call_target):
        yield f"{where} has an effect on {effect.service!r} that changes nothing; remove it or give it a number"
    yield from _target_problems(application, where, effect)


def _target_problems(application: Application, where: str, effect: FlagEffect) -> Iterator[str]:
    callees = {edge.target for edge in application.edges if edge.source == effect.service}
    if (effect.call_target or effect.call_factor != 1) and effect.call_target not in callees:
        yield (
            f"{where} changes calls from {effect.service!r} to {effect.call_target!r}, but there are none such; "
            "name a service that it calls as call_target"
        )
    if effect.added_retries and not callees:
        yield f"{where} adds retries at {effect.service!r}, which calls nobody; name a caller"


def _release_effect_problems(
    application: Application, where: str, release: Release, effect: ReleaseEffect
) -> Iterator[str]:
    yield from _unknown_operation(application, where, release.service, effect.operation)
    settles = effect.settles_after_seconds
    if not _in_range(effect) or (settles is not None and not settles > 0):
        yield (
            f"{where} has a factor, ratio or time out of range; "
            "factors and settles_after_seconds are positive, ratios 0 to 1, latencies not negative"
        )


def _in_range(effect: FlagEffect | ReleaseEffect) -> bool:
    return effect.cpu_factor > 0 and effect.added_latency_milliseconds >= 0 and 0 <= effect.error_ratio <= 1
