"""Commands of every kind, sensible and absurd, drawn for an application."""

from collections.abc import Callable, Mapping

import numpy as np

from clusters.commands import (
    BreakPort,
    ClearFault,
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

NUM_FAULT_IDS = 4
"""Few, so that faults are updated, replaced and cleared by chance."""

Draw = Callable[[np.random.Generator, Application], Command]


def random_command(rng: np.random.Generator, application: Application) -> Command:
    """A command of a kind drawn from all kinds."""
    draws = tuple(DRAWS.values())
    return draws[int(rng.integers(len(draws)))](rng, application)


def _service(rng: np.random.Generator, application: Application) -> str:
    return application.service_names[int(rng.integers(len(application.services)))]


def _fault_id(rng: np.random.Generator) -> str:
    return f"fault-{rng.integers(NUM_FAULT_IDS)}"


def _edge(rng: np.random.Generator, application: Application) -> tuple[str, str]:
    edge = application.edges[int(rng.integers(len(application.edges)))]
    return edge.source, edge.target


def _set_resources(rng: np.random.Generator, application: Application) -> Command:
    name = _service(rng, application)
    service = application.service(name)
    factors = [float(rng.choice([0.1, 0.5, 1.0, 2.0, 8.0])) if rng.random() < 0.5 else None for _ in range(4)]
    base = (
        service.cpu_limit_millicores,
        service.cpu_request_millicores or service.cpu_limit_millicores,
        service.memory_limit_bytes,
        service.memory_request_bytes or service.memory_limit_bytes,
    )
    limit, request, memory, memory_request = (
        None if factor is None else factor * value for factor, value in zip(factors, base, strict=True)
    )
    return SetResources(
        service=name,
        cpu_limit_millicores=limit,
        cpu_request_millicores=request,
        memory_limit_bytes=memory,
        memory_request_bytes=memory_request,
    )


def _set_autoscaler(rng: np.random.Generator, application: Application) -> Command:
    target = None if rng.random() < 0.3 else float(rng.uniform(0.1, 1.2))
    least = int(rng.integers(0, 4))
    return SetAutoscaler(
        service=_service(rng, application),
        target_utilisation=target,
        min_replicas=least,
        max_replicas=least + int(rng.integers(0, 6)),
    )


def _set_flag(rng: np.random.Generator, application: Application) -> Command:
    flag = application.flags[int(rng.integers(len(application.flags)))]
    return SetFlag(flag=flag.name, variant=str(rng.choice([flag.bad_variant, flag.bad_variant, flag.good_variant])))


def _set_group(rng: np.random.Generator, application: Application) -> Command:
    if not application.optional_groups:
        return SetGroup(group="none", enabled=False)
    group = application.optional_groups[int(rng.integers(len(application.optional_groups)))]
    return SetGroup(group=group.name, enabled=bool(rng.random() < 0.5))


def _shift_traffic(rng: np.random.Generator, application: Application) -> Command:
    if not application.releases:
        return ShiftTraffic(service=_service(rng, application), release="none", share=1.0)
    release = application.releases[int(rng.integers(len(application.releases)))]
    share = float(rng.choice([0.0, 0.1, 0.5, 1.0]))
    return ShiftTraffic(service=release.service, release=release.name, share=share)


def _shape_workload(rng: np.random.Generator, application: Application) -> Command:
    names = ["", *(request.name for request in application.request_types)]
    return ShapeWorkload(request_type=str(rng.choice(names)), factor=float(rng.choice([0.0, 0.1, 0.5, 1.0])))


def _delay(rng: np.random.Generator, application: Application) -> Command:
    source, target = _edge(rng, application)
    milliseconds = float(rng.choice([5.0, 200.0, 30_000.0]))
    return DelayEdge(fault_id=_fault_id(rng), source=source, target=target, latency_milliseconds=milliseconds)


def _lose(rng: np.random.Generator, application: Application) -> Command:
    source, target = _edge(rng, application)
    loss_ratio = float(rng.choice([0.01, 0.3, 1.0]))
    return LosePackets(fault_id=_fault_id(rng), source=source, target=target, loss_ratio=loss_ratio)


DRAWS: Mapping[str, Draw] = {
    "Scale": lambda rng, app: Scale(service=_service(rng, app), replicas=int(rng.integers(0, 8))),
    "Restart": lambda rng, app: Restart(service=_service(rng, app)),
    "RestartPod": lambda rng, app: RestartPod(service=_service(rng, app)),
    "SetResources": _set_resources,
    "SetAutoscaler": _set_autoscaler,
    "SetGroup": _set_group,
    "SetFlag": _set_flag,
    "ShiftTraffic": _shift_traffic,
    "SetRateLimit": lambda rng, app: SetRateLimit(
        limit_rps=None if rng.random() < 0.3 else float(app.nominal_rate_rps * rng.choice([1e-3, 0.3, 1.0, 5.0]))
    ),
    "ShapeWorkload": _shape_workload,
    "ScaleWorkload": lambda rng, app: ScaleWorkload(multiplier=float(rng.choice([0.0, 0.1, 1.0, 2.0, 20.0]))),
    "StressCpu": lambda rng, app: StressCpu(
        fault_id=_fault_id(rng), service=_service(rng, app), load_ratio=float(rng.choice([0.2, 0.9, 1.0]))
    ),
    "StressMemory": lambda rng, app: StressMemory(
        fault_id=_fault_id(rng), service=_service(rng, app), load_ratio=float(rng.choice([0.2, 0.9, 1.0]))
    ),
    "LeakMemory": lambda rng, app: LeakMemory(
        fault_id=_fault_id(rng), service=_service(rng, app), bytes_per_second=float(rng.choice([1e4, 1e6, 1e9]))
    ),
    "DelayEdge": _delay,
    "LosePackets": _lose,
    "KillPods": lambda rng, app: KillPods(
        fault_id=_fault_id(rng), service=_service(rng, app), period_seconds=float(rng.choice([10.0, 60.0, 1e5]))
    ),
    "FailService": lambda rng, app: FailService(fault_id=_fault_id(rng), service=_service(rng, app)),
    "SlowService": lambda rng, app: SlowService(
        fault_id=_fault_id(rng),
        service=_service(rng, app),
        latency_milliseconds=float(rng.choice([10.0, 500.0, 60_000.0])),
    ),
    "BreakPort": lambda rng, app: BreakPort(fault_id=_fault_id(rng), service=_service(rng, app)),
    "DisturbPods": lambda rng, app: DisturbPods(
        fault_id=_fault_id(rng), service=_service(rng, app), disturbance=Disturbance(str(rng.choice(list(Disturbance))))
    ),
    "ClearFault": lambda rng, app: ClearFault(fault_id=_fault_id(rng)),
}
"""One for every verb."""
