"""The same stand played by both sides: replicates of the event simulation, and simulated stands forked from one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.reference.parameters import Parameters, read_parameters
from clusters.reference.run import ReferenceRun, quantile, simulate
from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.scenario_columns import columns_of
from clusters.simulated.baseline import fresh_state
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.stands import SimulatedStands
from clusters.simulated.telemetry.sums import RequestSum
from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, signal_index
from clusters.topology import LOAD_GENERATOR, Application

Floats = NDArray[np.float64]

_DEPTH = signal_index(NODE_SIGNALS, "queue_depth")
_NODE_MEAN = signal_index(NODE_SIGNALS, "latency_mean_milliseconds")
_JOURNEY_P95 = signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")


@dataclass(frozen=True, kw_only=True)
class Course:
    """A load over time, played by both sides with the parameters that the seed draws."""

    application: Application
    rates_rps: tuple[float, ...]
    """One per step."""
    step_seconds: float
    mix: tuple[float, ...]
    seconds: float
    seed: int = 0

    @property
    def workload(self) -> WorkloadTrace:
        """As both sides read it."""
        return WorkloadTrace(profile="course", step_seconds=self.step_seconds, rates_rps=self.rates_rps, mix=self.mix)

    @property
    def scenario(self) -> Scenario:
        """Without faults or a warm-up: both sides start empty."""
        return Scenario(
            name="course",
            family="course",
            split=Split.TEST,
            application=self.application.name,
            seed=self.seed,
            workload=self.workload,
            faults=(),
            candidates=("do_nothing",),
            decision_seconds=0.0,
            warmup_seconds=0.0,
            horizon_seconds=self.seconds,
        )

    @property
    def services(self) -> tuple[str, ...]:
        """All but the load generator, in the application's order, as on every array here."""
        return tuple(name for name in self.application.service_names if name != LOAD_GENERATOR)


def drawn_parameters(course: Course) -> Parameters:
    """What the seed draws."""
    graph = CompiledGraph(course.application)
    return read_parameters(graph, fresh_state(graph, columns_of([course.scenario]), [course.seed]))


def play_reference(course: Course, bucket_seconds: float, replicates: int) -> list[ReferenceRun]:
    """Replicates that differ by their seeds."""
    parameters = drawn_parameters(course)
    return [
        simulate(course.application, parameters, course.workload, course.seconds, bucket_seconds, seed)
        for seed in range(1, replicates + 1)
    ]


def fork_simulator(course: Course, bucket_seconds: float, replicates: int) -> SimulatedStands:
    """Stands with the seed's parameters whose noise differs."""
    stands = SimulatedStands(
        course.application, 1, bucket_seconds=bucket_seconds, history_seconds=max(course.seconds, bucket_seconds)
    )
    stands.reset([0], [course.scenario], [course.seed])
    return stands.fork([0] * replicates, range(replicates))


def reference_services(course: Course) -> NDArray[np.int64]:
    """[S] place of each of the course's services in the reference's arrays."""
    index = CompiledGraph(course.application).service_index
    return np.array([index[name] for name in course.services])


def simulated_services(course: Course) -> NDArray[np.int64]:
    """[S] the same in telemetry."""
    return np.array([course.application.service_names.index(name) for name in course.services])


def present_in_reference(course: Course, runs: list[ReferenceRun]) -> Floats:
    """[N, B, S] requests in each service, time average of each bucket."""
    return np.stack([run.present[:, reference_services(course)] for run in runs])


def present_in_simulator(course: Course, bucket_seconds: float, replicates: int) -> Floats:
    """[N, B, S] the same."""
    stands = fork_simulator(course, bucket_seconds, replicates)
    stands.advance(course.seconds)
    nodes = stands.observe(course.seconds, bucket_seconds).nodes
    return nodes[:, :, simulated_services(course), _DEPTH].astype(np.float64)


@dataclass(frozen=True, kw_only=True)
class StableLatency:
    """Latency in milliseconds of a stable stretch; replicates first, so that halves can be compared."""

    requests: Floats
    """[N, R] mean of each request type"""
    services: Floats
    """[N, S] mean at each service"""
    p95: Floats
    """[N, J] 95th percentile of each journey"""


def stable_in_simulator(course: Course, stretch_seconds: float, replicates: int) -> StableLatency:
    """Measured over the last `stretch_seconds`, of which the course is a multiple, as one bucket."""
    stands = fork_simulator(course, stretch_seconds, replicates)
    stands.advance(course.seconds - stretch_seconds)
    stands.advance(stretch_seconds - TAIL_SECONDS)
    sums = stands._state.request_sums.astype(np.float64)  # a bucket's sums are cleared at its very end
    stands.advance(TAIL_SECONDS)
    window = stands.observe(stretch_seconds, stretch_seconds)
    return StableLatency(
        requests=(sums[RequestSum.LATENCY] / sums[RequestSum.ADMITTED]).T,
        services=window.nodes[:, 0, simulated_services(course), _NODE_MEAN].astype(np.float64),
        p95=window.journeys[:, 0, :, _JOURNEY_P95].astype(np.float64),
    )


TAIL_SECONDS = 10.0


def stable_in_reference(course: Course, stretch_seconds: float, replicates: int) -> StableLatency:
    """The same of the reference; executions count in the stretch in which they end."""
    graph = CompiledGraph(course.application)
    requests, services, p95 = [], [], []
    for run in play_reference(course, stretch_seconds, replicates):
        requests.append(1e3 * run.user_seconds[-1] / run.answered[-1])
        services.append(1e3 * _by_service(graph, run.latency_seconds[-1]) / _by_service(graph, run.completions[-1]))
        bins = np.zeros((len(course.application.journeys), run.request_bins.shape[-1]), dtype=np.int64)
        np.add.at(bins, graph.request_journey, run.request_bins[-1])
        p95.append(1e3 * quantile(bins, 0.95))
    return StableLatency(
        requests=np.stack(requests), services=np.stack(services)[:, reference_services(course)], p95=np.stack(p95)
    )


def _by_service(graph: CompiledGraph, rows: Floats) -> Floats:
    """[S] sums of operations [O]; 1 for the load generator, which has none."""
    total = np.zeros(graph.num_services)
    np.add.at(total, graph.operation_service, rows)
    total[graph.service_index[LOAD_GENERATOR]] = 1.0
    return total
