"""Applications small enough to calculate by hand."""

from collections.abc import Sequence

import numpy as np

from clusters.reference.parameters import Change, Parameters, read_parameters
from clusters.reference.run import ReferenceRun, simulate
from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.scenario_columns import columns_of
from clusters.simulated.baseline import fresh_state
from clusters.simulated.graph import CompiledGraph
from clusters.topology import (
    LOAD_GENERATOR,
    Application,
    Call,
    Journey,
    Operation,
    Range,
    RequestType,
    Service,
    ServiceKind,
)

CPU_MS = 10.0


def service(
    name: str, *, calls: tuple[Call, ...] = (), replicas: int = 1, workers: int = 1000, cpu_ms: float = CPU_MS
) -> Service:
    """A service with one operation, one core per replica."""
    return Service(
        name=name,
        kind=ServiceKind.LOAD_GENERATOR if name == LOAD_GENERATOR else ServiceKind.STATELESS,
        protocol="grpc",
        port=8080,
        replicas=replicas,
        max_replicas=8,
        workers_per_replica=workers,
        cpu_limit_millicores=1000.0,
        memory_limit_bytes=2.0**34,
        memory_base_bytes=2.0**20,
        memory_per_request_bytes=1.0,
        startup_seconds=10.0,
        operations=()
        if name == LOAD_GENERATOR
        else (Operation(name="serve", cpu_milliseconds=Range(low=cpu_ms, high=cpu_ms), calls=calls),),
    )


def chain(*services: Service) -> Application:
    """An application whose entry is the first service."""
    return Application(
        name="tiny",
        services=(service(LOAD_GENERATOR), *services),
        journeys=(Journey(name="only", slo_latency_milliseconds=100.0, slo_error_ratio=0.02),),
        request_types=(RequestType(name="only", journey="only", operation=f"{services[0].name}.serve", weight=1.0),),
        flags=(),
        nominal_rate_rps=50.0,
    )


def load(*rates_rps: float, step_seconds: float = 100.0) -> WorkloadTrace:
    """Piecewise constant."""
    return WorkloadTrace(profile="test", step_seconds=step_seconds, rates_rps=rates_rps, mix=(1.0,))


def parameters(application: Application, workload: WorkloadTrace) -> Parameters:
    """As a simulated stand draws them."""
    scenario = Scenario(
        name="test",
        family="test",
        split=Split.TEST,
        application=application.name,
        seed=0,
        workload=workload,
        faults=(),
        candidates=("do_nothing",),
        decision_seconds=0.0,
        warmup_seconds=0.0,
        horizon_seconds=100.0,
    )
    graph = CompiledGraph(application)
    return read_parameters(graph, fresh_state(graph, columns_of([scenario]), [0]))


def play(
    application: Application,
    workload: WorkloadTrace,
    seconds: float,
    *,
    seed: int = 1,
    changes: Sequence[Change] = (),
    start: Parameters | None = None,
    traced_share: float = 0.0,
) -> ReferenceRun:
    """A run in buckets of 10 s; services, operations and channels stand in the order of the chain."""
    first = parameters(application, workload) if start is None else start
    return simulate(application, first, workload, seconds, 10.0, seed, changes, traced_share=traced_share)


def waiting_chance(load_per_server: float, servers: int) -> float:
    """Erlang's C formula: chance that all of m servers are busy."""
    offered = load_per_server * servers
    terms = [1.0]
    for k in range(1, servers + 1):
        terms.append(terms[-1] * offered / k)
    queued = terms[-1] / (1.0 - load_per_server)
    return float(queued / (np.sum(terms[:-1]) + queued))
