"""The values of a command that no stand could carry out, by verb."""

import math
from collections.abc import Callable
from typing import Any, Final

from clusters.command_checks.places import place_refusal, service_refusal
from clusters.command_checks.refusal import Refusal, over_quota, rejected
from clusters.commands import (
    BreakPort,
    Command,
    DelayEdge,
    Disturbance,
    DisturbPods,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    Restart,
    RestartPod,
    Scale,
    ScaleWorkload,
    SetAutoscaler,
    SetFlag,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.topology import Application

SHORTEST_KILL_SECONDS: Final = 1.0
RESOURCE_FIELDS: Final = (
    "cpu_limit_millicores",
    "cpu_request_millicores",
    "memory_limit_bytes",
    "memory_request_bytes",
)
"""The command's numbers, in the order in which they are checked."""


def value_refusal(application: Application, command: Command) -> Refusal | None:
    """Why no stand of this application can carry the command out; None if one might."""
    check = _CHECKS.get(type(command))
    return check(application, command) if check else None


def wanted_resources(command: SetResources) -> dict[str, float]:
    """The numbers that the command names, by field."""
    values = {name: getattr(command, name) for name in RESOURCE_FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def _refuse_service(application: Application, command: Restart | RestartPod) -> Refusal | None:
    return service_refusal(application, command.service)


def _refuse_scale(application: Application, command: Scale) -> Refusal | None:
    if refusal := service_refusal(application, command.service):
        return refusal
    if command.replicas < 0:
        most = application.service(command.service).max_replicas
        return rejected(f"{command.replicas} replicas of {command.service} are impossible; ask for 0 to {most}")
    return None


def _refuse_resources(application: Application, command: SetResources) -> Refusal | None:
    if refusal := service_refusal(application, command.service):
        return refusal
    wanted = wanted_resources(command)
    if not wanted:
        return rejected(f"the command names no request and no limit of {command.service}; name at least one")
    for name, value in wanted.items():
        if not 0 < value < math.inf:
            return rejected(f"a {name} of {value} for {command.service} is impossible; give more than 0")
    return None


def _refuse_autoscaler(application: Application, command: SetAutoscaler) -> Refusal | None:
    if refusal := service_refusal(application, command.service):
        return refusal
    if command.target_utilisation is None:
        return None
    if not 0 < command.target_utilisation < math.inf:
        return rejected(f"a target of {command.target_utilisation} is impossible; give a share above 0, such as 0.7")
    if not 1 <= command.min_replicas <= command.max_replicas:
        return rejected(
            f"bounds of {command.min_replicas} to {command.max_replicas} replicas are impossible; "
            "give at least 1, and no more at least than at most"
        )
    most = application.service(command.service).max_replicas
    if command.max_replicas > most:
        return over_quota(f"{command.max_replicas} replicas of {command.service} are outside the quota of {most}")
    return None


def _refuse_group(application: Application, command: SetGroup) -> Refusal | None:
    groups = [group.name for group in application.optional_groups]
    if command.group in groups:
        return None
    return rejected(f"there is no optional group {command.group!r}; known groups: {', '.join(groups) or 'none'}")


def _refuse_flag(application: Application, command: SetFlag) -> Refusal | None:
    for flag in application.flags:
        if flag.name == command.flag:
            variants = (flag.good_variant, flag.bad_variant)
            if command.variant in variants:
                return None
            known = ", ".join(variants)
            return rejected(f"flag {command.flag} has no variant {command.variant!r}; choose one of: {known}")
    known = ", ".join(flag.name for flag in application.flags)
    return rejected(f"there is no flag {command.flag!r}; known flags: {known}")


def _refuse_shift(application: Application, command: ShiftTraffic) -> Refusal | None:
    if refusal := service_refusal(application, command.service):
        return refusal
    known = [release.name for release in application.releases if release.service == command.service]
    if command.release not in known:
        return rejected(
            f"{command.service} has no release {command.release!r}; known releases: {', '.join(known) or 'none'}"
        )
    if not 0 <= command.share <= 1:
        return rejected(f"a share of {command.share} of the traffic is impossible; give 0 to 1")
    return None


def _refuse_rate(application: Application, command: SetRateLimit) -> Refusal | None:
    if command.limit_rps is not None and not 0 <= command.limit_rps < math.inf:
        return rejected(
            f"a rate limit of {command.limit_rps} requests/s is impossible; give 0 or more, None to lift it"
        )
    return None


def _refuse_shape(application: Application, command: ShapeWorkload) -> Refusal | None:
    names = [request.name for request in application.request_types]
    if command.request_type and command.request_type not in names:
        return rejected(f"there is no request type {command.request_type!r}; known types: {', '.join(names)}")
    if not 0 <= command.factor <= 1:
        return rejected(f"users cannot send {command.factor} of what they planned; give a share from 0 to 1")
    return None


def _refuse_workload(application: Application, command: ScaleWorkload) -> Refusal | None:
    if not 0 <= command.multiplier < math.inf:
        return rejected(f"a workload multiplier of {command.multiplier} is impossible; give 0 or more")
    return None


def _refuse_stress(application: Application, command: StressCpu) -> Refusal | None:
    if not 0 < command.load_ratio <= 1:
        return rejected(f"a CPU load of {command.load_ratio} is impossible; give more than 0 and at most 1")
    return place_refusal(application, command)


def _refuse_kill(application: Application, command: KillPods) -> Refusal | None:
    if not SHORTEST_KILL_SECONDS <= command.period_seconds < math.inf:
        return rejected(
            f"a kill every {command.period_seconds} s is impossible; give at least {SHORTEST_KILL_SECONDS:g}"
        )
    return place_refusal(application, command)


def _refuse_amount(key: str, most: float = math.inf) -> Callable[[Application, Any], Refusal | None]:
    """The check of a fault whose strength is one number."""

    def check(application: Application, command: Any) -> Refusal | None:
        amount = getattr(command, key)
        if not 0 < amount <= most or math.isinf(amount):
            bound = "" if math.isinf(most) else f" and at most {most:g}"
            return rejected(f"{key} of {amount} is impossible; give more than 0{bound}")
        return place_refusal(application, command)

    return check


def _refuse_disturbance(application: Application, command: DisturbPods) -> Refusal | None:
    if refusal := service_refusal(application, command.service):
        return refusal
    kind, service = command.disturbance, application.service(command.service)
    if kind in (Disturbance.HTTP_DELAY, Disturbance.IO_LATENCY) and not 0 < command.latency_milliseconds < math.inf:
        return rejected(f"a latency of {command.latency_milliseconds} ms is impossible; give more than 0")
    if kind in (Disturbance.HTTP_DELAY, Disturbance.HTTP_ABORT) and service.protocol != "http":
        return rejected(
            f"{service.name} speaks {service.protocol}, which {kind} cannot disturb; choose a fault of edges"
        )
    if kind is Disturbance.DNS_ERROR and not command.target:
        return rejected("a dns_error needs the names that are not found; give the service's as target")
    return None


_CHECKS: Final[dict[type[Any], Callable[[Application, Any], Refusal | None]]] = {
    Scale: _refuse_scale,
    Restart: _refuse_service,
    RestartPod: _refuse_service,
    SetResources: _refuse_resources,
    SetAutoscaler: _refuse_autoscaler,
    SetGroup: _refuse_group,
    SetFlag: _refuse_flag,
    ShiftTraffic: _refuse_shift,
    SetRateLimit: _refuse_rate,
    ShapeWorkload: _refuse_shape,
    ScaleWorkload: _refuse_workload,
    StressCpu: _refuse_stress,
    StressMemory: _refuse_amount("load_ratio", most=1.0),
    LeakMemory: _refuse_amount("bytes_per_second"),
    DelayEdge: _refuse_amount("latency_milliseconds"),
    LosePackets: _refuse_amount("loss_ratio", most=1.0),
    SlowService: _refuse_amount("latency_milliseconds"),
    KillPods: _refuse_kill,
    FailService: place_refusal,
    BreakPort: place_refusal,
    DisturbPods: _refuse_disturbance,
}
"""ClearFault is not among them: any id can be cleared."""
