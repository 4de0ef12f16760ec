"""What may change while an application runs: every application offers each kind of flag, release, group and quota."""

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.topology import LOAD_GENERATOR, Application, Release, Service


def is_worse(release: Release) -> list[bool]:
    """Of each effect of a release, whether it makes something worse."""
    return [e.cpu_factor > 1 or e.error_ratio > 0 or e.added_latency_milliseconds > 0 for e in release.effects]


def utilisations(application: Application) -> dict[str, float]:
    """CPU asked for over CPU allowed at the nominal rate, by service."""
    work: dict[str, float] = dict.fromkeys(application.service_names, 0.0)

    def follow(reference: str, rate_rps: float) -> None:
        name, _, operation_name = reference.partition(".")
        service = application.service(name)
        operation = service.operation(operation_name)
        cpu = (operation.cpu_milliseconds.low + operation.cpu_milliseconds.high) / 2
        work[name] += rate_rps * cpu / (service.replicas * service.cpu_limit_millicores)
        for call in operation.calls:
            follow(call.operation, rate_rps * call.count)

    total = sum(request.weight for request in application.request_types)
    for request in application.request_types:
        follow(request.operation, application.nominal_rate_rps * request.weight / total)
    return work


def reserved(application: Application, key: str) -> float:
    """Sum over all replicas of the baseline but the load generator's."""
    return sum(
        service.replicas * float(getattr(service, key))
        for service in application.services
        if service.name != LOAD_GENERATOR
    )


@pytest.mark.parametrize("name", APPLICATIONS)
def test_retries_can_overload_their_callee_and_change_nothing_else(name: str) -> None:
    application = load_application(name)
    retrying = [flag for flag in application.flags if any(effect.added_retries for effect in flag.effects)]
    assert [flag.name for flag in retrying] == [
        "frontendRetries",
        *(["proxyRetries"] if "frontend-proxy" in application.service_names else []),
    ]
    for flag in retrying:
        (effect,) = flag.effects
        assert (effect.cpu_factor, effect.error_ratio, effect.call_factor) == (1.0, 0.0, 1.0)
        attempts = 1 + effect.added_retries
        assert utilisations(application)[effect.call_target] < 1.0
        assert utilisations(application)[effect.call_target] * attempts > 1.2


@pytest.mark.parametrize("name", APPLICATIONS)
def test_there_is_a_release_of_each_kind(name: str) -> None:
    releases = load_application(name).releases
    whole = [r for r in releases if any(is_worse(r)) and all(not e.operation for e in r.effects)]
    assert any(r.effects and not any(is_worse(r)) and r.effects[0].cpu_factor < 1 for r in releases)
    assert any(all(e.settles_after_seconds is None for e in r.effects) for r in whole)
    assert any(r.effects and all(e.operation for e in r.effects) and all(is_worse(r)) for r in releases)
    assert any(not r.image_exists for r in releases)
    (settling,) = [r for r in releases if any(e.settles_after_seconds is not None for e in r.effects)]
    for effect, worse in zip(settling.effects, is_worse(settling), strict=True):
        assert worse == (effect.settles_after_seconds is not None)
        assert not worse or 60 <= (effect.settles_after_seconds or 0) <= 180


def test_no_release_is_given_away_by_its_service() -> None:
    """Across the applications one service's next version is good here and bad there, so it has to be judged."""
    kinds: dict[str, set[bool]] = {}
    for other in APPLICATIONS:
        for release in load_application(other).releases:
            kinds.setdefault(release.service, set()).add(any(is_worse(release)))
    assert sum(len(kind) == 2 for kind in kinds.values()) >= 3


@pytest.mark.parametrize("name", APPLICATIONS)
def test_quotas_leave_room_to_double_and_no_room_for_everything(name: str) -> None:
    application = load_application(name)
    assert application.cpu_quota_millicores is not None and application.memory_quota_bytes is not None
    assert 2.0 <= application.cpu_quota_millicores / reserved(application, "cpu_limit_millicores") <= 2.5
    assert 2.0 <= application.memory_quota_bytes / reserved(application, "memory_limit_bytes") <= 2.5

    def largest(service: Service) -> float:
        return service.max_replicas * service.cpu_limit_millicores

    assert sum(map(largest, application.services)) > application.cpu_quota_millicores


@pytest.mark.parametrize("name", APPLICATIONS)
def test_groups_are_features_and_the_order_path_is_none_of_them(name: str) -> None:
    application = load_application(name)
    optional = {service for group in application.optional_groups for service in group.services}
    features = {"recommendation", "ad", "email", "fraud-detection", "product-reviews", "llm"}
    assert optional == features & set(application.service_names)


def test_the_model_bears_twice_its_nominal_load() -> None:
    application = load_application("review-store")
    total = sum(request.weight for request in application.request_types)
    questions = next(r for r in application.request_types if r.name == "ask_assistant").weight / total
    limit = application.service("llm").max_rate_rps
    assert limit is not None
    assert 2.0 < limit / (2 * questions * application.nominal_rate_rps) < 2.5
