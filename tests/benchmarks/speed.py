"""How fast the simulator and the reference are beside SimPy, what branching costs, and what a stand's memory is."""

import gc
import tracemalloc
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from clusters.applications import load_application
from clusters.commands import (
    BreakPort,
    Command,
    CommandStatus,
    DelayEdge,
    FailService,
    KillPods,
    LeakMemory,
    LosePackets,
    Restart,
    RestartPod,
    Scale,
    SetAutoscaler,
    SetRateLimit,
    SetResources,
    SlowService,
    StressCpu,
    StressMemory,
)
from clusters.reference.run import simulate
from clusters.simulated.stands import SimulatedStands
from clusters.topology import Application
from envs.simulated_loop import simulated_stands
from envs.time_scales import TimeScales
from tests.benchmarks.bars import Bar, compare, cpu_seconds
from tests.benchmarks.reference_graph import MIX, NOMINAL_RATE_RPS, build_reference_graph
from tests.benchmarks.sides import Course, drawn_parameters, fork_simulator
from tests.benchmarks.simpy_graph import SimPyGraph

NUM_STANDS = 1024
BUCKET_SECONDS = 10.0
SIMULATED_SECONDS = 300.0
REFERENCE_SECONDS = 5000.0
SIMPY_SECONDS = 50.0
NUM_CANDIDATES = 32
NUM_REPLICATES = 32
BRANCH_SECONDS = 300.0

TREATMENTS: tuple[tuple[Command, ...], ...] = (
    (),
    (StressCpu(fault_id="a", service="catalog", load_ratio=0.4),),
    (DelayEdge(fault_id="a", source="frontend", target="catalog", latency_milliseconds=50.0),),
    (LosePackets(fault_id="a", source="checkout", target="payment", loss_ratio=0.1),),
    (StressMemory(fault_id="a", service="user", load_ratio=0.99),),
    (LeakMemory(fault_id="a", service="database", bytes_per_second=2.0**22),),
    (FailService(fault_id="a", service="cache"),),
    (SlowService(fault_id="a", service="database", latency_milliseconds=20.0),),
    (BreakPort(fault_id="a", service="pricing"),),
    (KillPods(fault_id="a", service="catalog", period_seconds=30.0),),
    (Scale(service="catalog", replicas=5), Scale(service="frontend", replicas=3)),
    (Restart(service="user"), RestartPod(service="catalog")),
    (SetRateLimit(limit_rps=80.0),),
    (SetAutoscaler(service="catalog", target_utilisation=0.6, min_replicas=1, max_replicas=6),),
    (SetResources(service="database", cpu_limit_millicores=2000.0),),
    (
        StressCpu(fault_id="a", service="user", load_ratio=0.6),
        DelayEdge(fault_id="b", source="frontend", target="ads", latency_milliseconds=100.0),
    ),
)
"""Stand n gets the commands of place n modulo their number."""


def with_retries(application: Application, max_retries: int) -> Application:
    """The same application whose callers try again; where nothing fails, it is the same graph."""
    services = tuple(
        replace(
            service,
            operations=tuple(
                replace(operation, calls=tuple(replace(call, max_retries=max_retries) for call in operation.calls))
                for operation in service.operations
            ),
        )
        for service in application.services
    )
    return replace(application, services=services)


def steady_course(application: Application, mix: Sequence[float]) -> Course:
    """The reference rate, for as long as it takes."""
    return Course(
        application=application,
        rates_rps=(NOMINAL_RATE_RPS,),
        step_seconds=BUCKET_SECONDS,
        mix=tuple(mix),
        seconds=SIMULATED_SECONDS,
    )


def faulty_stands() -> SimulatedStands:
    """The reference graph with retries, every kind of fault and many operators' actions on some of the stands."""
    course = steady_course(with_retries(build_reference_graph(), 1), tuple(MIX.values()))
    stands = fork_simulator(course, BUCKET_SECONDS, NUM_STANDS)
    stands.advance(60.0)
    for stand in range(NUM_STANDS):
        for command in TREATMENTS[stand % len(TREATMENTS)]:
            receipt = stands.apply(stand, command)
            if receipt.status not in (CommandStatus.APPLIED, CommandStatus.ALREADY_THERE):
                raise SystemExit(f"the benchmark's {command} was not carried out: {receipt.message}")
    return stands


def speed_bars() -> list[Bar]:
    """Stand-steps of the simulator, and requests of the reference, per CPU second, each beside SimPy's."""
    stands, application = faulty_stands(), build_reference_graph()
    anchor = SimPyGraph(application, NOMINAL_RATE_RPS, seed=0)
    anchor.run(SIMPY_SECONDS)
    ours, theirs = compare(lambda: stands.advance(SIMULATED_SECONDS), lambda: anchor.run(SIMPY_SECONDS))
    steps = NUM_STANDS * SIMULATED_SECONDS / BUCKET_SECONDS / ours
    simpy_steps = SIMPY_SECONDS / BUCKET_SECONDS / theirs
    course = steady_course(application, tuple(MIX.values()))
    parameters = drawn_parameters(course)
    reference_seconds, simpy_seconds = compare(
        lambda: simulate(application, parameters, course.workload, REFERENCE_SECONDS, BUCKET_SECONDS, 1),
        lambda: anchor.run(SIMPY_SECONDS),
    )
    requests = NOMINAL_RATE_RPS * REFERENCE_SECONDS / reference_seconds
    simpy_requests = NOMINAL_RATE_RPS * SIMPY_SECONDS / simpy_seconds
    return [
        Bar(
            name="simulator_stand_steps_per_cpu_second_with_all_faults_and_features",
            value=steps,
            anchor=f"SimPy {simpy_steps:.1f}",
            ratio=steps / simpy_steps,
            goal=">= 20,000x",
            holds=steps / simpy_steps >= 20_000,
        ),
        Bar(
            name="reference_requests_per_cpu_second",
            value=requests,
            anchor=f"SimPy {simpy_requests:,.0f}",
            ratio=requests / simpy_requests,
            goal=">= 60x",
            holds=requests / simpy_requests >= 60,
        ),
    ]


def branching_bar() -> Bar:
    """One state of small-core into candidates x replicates, played for thirty buckets and observed."""
    application = load_application("small-core")
    weights = np.array([request.weight for request in application.request_types])
    base = fork_simulator(steady_course(application, weights / weights.sum()), BUCKET_SECONDS, 1)
    base.advance(SIMULATED_SECONDS)
    scalable = [service for service in application.services if service.is_scalable]
    candidates: Sequence[Command] = [
        candidate
        for service in scalable
        for candidate in (
            Restart(service=service.name),
            RestartPod(service=service.name),
            Scale(service=service.name, replicas=service.replicas + 1),
            SetResources(service=service.name, cpu_limit_millicores=1.5 * service.cpu_limit_millicores),
        )
    ][: NUM_CANDIDATES - 1]

    def branch() -> None:
        copies = base.fork([0] * (NUM_CANDIDATES * NUM_REPLICATES), list(range(NUM_REPLICATES)) * NUM_CANDIDATES)
        for k, candidate in enumerate(candidates):
            for replicate in range(NUM_REPLICATES):
                copies.apply(k * NUM_REPLICATES + replicate, candidate)
        copies.advance(BRANCH_SECONDS)
        copies.observe(BRANCH_SECONDS, BUCKET_SECONDS)

    branch()
    seconds = float(np.median([cpu_seconds(branch) for _ in range(3)]))
    return Bar(
        name="branching_32_candidates_x_30_buckets_x_32_replicates_cpu_seconds",
        value=seconds,
        anchor="",
        ratio=None,
        goal="<= 0.5",
        holds=seconds <= 0.5,
    )


def memory_bar() -> Bar:
    """What an environment's stands of medium-store keep: state and history, after a warm-up and a while."""
    application = load_application("medium-store")
    weights = np.array([request.weight for request in application.request_types])
    scenario = steady_course(application, weights / weights.sum()).scenario
    gc.collect()
    tracemalloc.start()
    stands = simulated_stands("medium-store", NUM_STANDS, TimeScales())
    stands.reset(range(NUM_STANDS), [scenario] * NUM_STANDS, range(NUM_STANDS))
    stands.advance(2 * TimeScales().warmup_seconds)
    gc.collect()
    kept_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    kib = kept_bytes / NUM_STANDS / 1024
    return Bar(
        name="memory_kib_per_stand_of_1024_of_medium_store",
        value=kib,
        anchor="",
        ratio=None,
        goal="<= 60",
        holds=kib <= 60,
    )
