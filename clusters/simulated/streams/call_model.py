"""What the telemetry of one bucket says of single requests: how long each operation computes, how often calls fail.

Telemetry knows services and edges, a trace has operations. Means are taken apart so that traces, put together again,
have the means that were recorded: a service's own time is its mean latency less what its calls take.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from clusters.simulated.streams.lognormals import variance_of
from clusters.simulated.streams.recorded import RecordedBuckets
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from clusters.topology import LOAD_GENERATOR, Application, Call, Operation

_NETWORK_MS = 0.5
"""Least time on the way of a call: the simulator's round trip between two pods."""
_LEAST_OWN_SHARE = 0.02
"""Of a service's mean latency: where its calls seem to take all of it, because averages of averages are compared."""
_LARGEST_FACTOR = 3.0
"""Of own time over nominal time; what is beyond it is waiting, which does not depend on the operation."""
_NO_FLOW = 1e-6


@dataclass(frozen=True, kw_only=True)
class ServiceFacts:
    """One service in one bucket."""

    own_ms_factor: float
    """Own time of an operation over its nominal time."""
    wait_ms: float
    """Own time that is the same for all operations: standing in line."""
    own_variation: float
    """Squared coefficient of variation of the own time."""
    own_error_ratio: float
    """Share of executions that fail without a call that failed."""
    is_up: bool
    """Whether a replica was ready at all."""


@dataclass(frozen=True, kw_only=True)
class EdgeFacts:
    """One edge in one bucket."""

    count_factor: float
    """Calls made over what the application says, retries left out; 0: switched off."""
    network_ms: float
    unanswered_ratio: float
    """Share of attempts that failed although the callee did not: lost, or given up."""
    retries: int
    """Further attempts after a failed one."""


@dataclass(frozen=True, kw_only=True)
class CallModel:
    """One bucket."""

    operation_ms: dict[str, float]
    """Expected latency of each operation, `service.Operation`, at the server."""
    services: dict[str, ServiceFacts]
    edges: dict[tuple[str, str], EdgeFacts]


def nominal_ms(operation: Operation) -> float:
    """Time of one execution without waiting and calls, in the middle of its ranges; never 0."""
    cpu, other = operation.cpu_milliseconds, operation.latency_milliseconds
    return max(0.5 * (cpu.low + cpu.high + other.low + other.high), 1e-3)


def split(name: str) -> tuple[str, str]:
    """Service and operation of `service.Operation`."""
    service, _, operation = name.partition(".")
    return service, operation


def request_weights(recorded: RecordedBuckets, position: int) -> dict[str, float]:
    """Request type -> requests per second that users sent in a bucket, by the nominal shares inside each journey."""
    application = recorded.application
    offered = recorded.window.journeys[position, :, signal_index(JOURNEY_SIGNALS, "offered_rate_rps")]
    rates = dict(zip(application.journey_names, np.nan_to_num(offered).tolist(), strict=True))
    totals: dict[str, float] = defaultdict(float)
    for request in application.request_types:
        totals[request.journey] += request.weight
    return {
        request.name: rates[request.journey] * request.weight / max(totals[request.journey], _NO_FLOW)
        for request in application.request_types
    }


def call_model(recorded: RecordedBuckets, position: int) -> CallModel:
    """Take apart the telemetry of the bucket at `position`."""
    return _Apart(recorded, position).model()


class _Apart:
    """The computation of one bucket's model."""

    def __init__(self, recorded: RecordedBuckets, position: int) -> None:
        application = recorded.application
        self._application = application
        self._nodes = recorded.node_readings(position)
        self._edges = recorded.edge_readings(position)
        self._visits = _visits(application, request_weights(recorded, position))
        self._nominal_edges = self._nominal_edge_rates()

    def model(self) -> CallModel:
        counts = {edge: self._count_factor(edge) for edge in self._nominal_edges}
        own_ms = {service.name: self._own_ms(service.name) for service in self._application.services}
        server_ms = self._server_ms(own_ms, counts)
        edges = {edge: self._edge(edge, counts[edge], server_ms) for edge in self._nominal_edges}
        services = {name: self._service(name, own, counts) for name, own in own_ms.items()}
        return CallModel(operation_ms=server_ms, services=services, edges=edges)

    def _nominal_edge_rates(self) -> dict[tuple[str, str], float]:
        rates: dict[tuple[str, str], float] = {(e.source, e.target): 0.0 for e in self._application.edges}
        for request in self._application.request_types:
            rates[LOAD_GENERATOR, split(request.operation)[0]] += self._visits[request.operation]
        for service in self._application.services:
            for operation in service.operations:
                for call in operation.calls:
                    visits = self._visits[f"{service.name}.{operation.name}"]
                    rates[service.name, split(call.operation)[0]] += visits * call.count
        return rates

    def _count_factor(self, edge: tuple[str, str]) -> float:
        """Above 1 where a flag multiplies calls; calls that a failure prevents are left out by the trace itself."""
        source, _ = edge
        seen = self._edges[edge]["request_rate_rps"] - self._edges[edge]["retry_rate_rps"]
        if source == LOAD_GENERATOR:
            return 1.0
        if seen <= _NO_FLOW:
            return 0.0
        executions = self._nodes[source]["request_rate_rps"]
        nominal_executions = sum(
            self._visits[f"{source}.{operation.name}"] for operation in self._application.service(source).operations
        )
        if executions <= _NO_FLOW or self._nominal_edges[edge] <= _NO_FLOW:
            return 1.0
        return max(1.0, (seen / executions) / (self._nominal_edges[edge] / nominal_executions))

    def _calls_per_execution(self, source: str) -> dict[tuple[str, str], float]:
        executions = max(self._nodes[source]["request_rate_rps"], _NO_FLOW)
        waited = {
            (source, split(call.operation)[0])
            for operation in self._application.service(source).operations
            for call in operation.calls
            if not call.asynchronous
        }
        return {edge: self._edges[edge]["request_rate_rps"] / executions for edge in sorted(waited)}

    def _own_ms(self, name: str) -> float:
        mean = self._nodes[name]["latency_mean_milliseconds"]
        called = sum(
            ratio * self._edges[edge]["latency_mean_milliseconds"]
            for edge, ratio in self._calls_per_execution(name).items()
        )
        return max(mean - called, _LEAST_OWN_SHARE * mean, 1e-3)

    def _factor_and_wait(self, name: str, own_ms: float) -> tuple[float, float]:
        """Own time as a factor on the nominal time and a wait, so that the service's mean is `own_ms`."""
        operations = self._application.service(name).operations
        if not operations:
            return 1.0, 0.0
        visits = [self._visits[f"{name}.{operation.name}"] + _NO_FLOW for operation in operations]
        nominal = sum(n * nominal_ms(operation) for n, operation in zip(visits, operations, strict=True)) / sum(visits)
        factor = min(own_ms / nominal, _LARGEST_FACTOR)
        return factor, own_ms - factor * nominal

    def _server_ms(self, own_ms: dict[str, float], counts: dict[tuple[str, str], float]) -> dict[str, float]:
        """From each operation's own time and the recorded latency of its calls."""
        expected = {}
        for service in self._application.services:
            factor, wait = self._factor_and_wait(service.name, own_ms[service.name])
            for operation in service.operations:
                called = 0.0
                for call in (c for c in operation.calls if not c.asynchronous):
                    edge = (service.name, split(call.operation)[0])
                    called += call.count * counts[edge] * self._edges[edge]["latency_mean_milliseconds"]
                expected[f"{service.name}.{operation.name}"] = factor * nominal_ms(operation) + wait + called
        return expected

    def _edge(self, edge: tuple[str, str], count: float, server_ms: dict[str, float]) -> EdgeFacts:
        target = edge[1]
        calls = self._calls_on(edge)
        weights = [max(weight, _NO_FLOW) for _, weight in calls]
        expected = sum(w * server_ms[call.operation] for w, (call, _) in zip(weights, calls, strict=True)) / sum(
            weights
        )
        failed, at_callee = self._edges[edge]["error_ratio"], self._nodes[target]["error_ratio"]
        unanswered = 1.0 - (1.0 - failed) / max(1.0 - at_callee, _NO_FLOW)
        retry_rate, rate = self._edges[edge]["retry_rate_rps"], self._edges[edge]["request_rate_rps"]
        allowed = max(call.max_retries for call, _ in calls)
        # A flag may add attempts beyond those of the application: what the recorded ratio of retries asks for.
        needed = round(retry_rate / max((rate - retry_rate) * failed, _NO_FLOW)) if retry_rate > 0.05 * rate else 0
        return EdgeFacts(
            count_factor=count,
            network_ms=max(self._edges[edge]["latency_mean_milliseconds"] - expected, _NETWORK_MS),
            unanswered_ratio=min(max(unanswered, 0.0), 1.0),
            retries=min(max(allowed, needed), 10),
        )

    def _calls_on(self, edge: tuple[str, str]) -> list[tuple[Call, float]]:
        source, target = edge
        if source == LOAD_GENERATOR:
            entry = [request.operation for request in self._application.request_types]
            return [(Call(operation=name), self._visits[name]) for name in entry if split(name)[0] == target]
        return [
            (call, self._visits[f"{source}.{operation.name}"] * call.count)
            for operation in self._application.service(source).operations
            for call in operation.calls
            if split(call.operation)[0] == target
        ]

    def _service(self, name: str, own_ms: float, counts: dict[tuple[str, str], float]) -> ServiceFacts:
        spread = _variance(self._nodes[name]) - sum(
            ratio * _variance(self._edges[edge]) for edge, ratio in self._calls_per_execution(name).items()
        )
        factor, wait = self._factor_and_wait(name, own_ms)
        return ServiceFacts(
            own_ms_factor=factor,
            wait_ms=wait,
            own_variation=min(max(spread / (own_ms * own_ms), 0.05), 4.0),
            own_error_ratio=self._own_error_ratio(name, counts),
            is_up=self._nodes[name]["replicas_ready"] > 0.05,
        )

    def _own_error_ratio(self, name: str, counts: dict[tuple[str, str], float]) -> float:
        """What is left of the service's error ratio once the failures of its required calls are taken out."""
        operations = self._application.service(name).operations
        visits = [self._visits[f"{name}.{operation.name}"] + _NO_FLOW for operation in operations]
        reached = 0.0
        for weight, operation in zip(visits, operations, strict=True):
            success = 1.0
            for call in operation.calls:
                edge = (name, split(call.operation)[0])
                if call.required and not call.asynchronous:
                    failed = self._edges[edge]["error_ratio"] ** (1 + call.max_retries)
                    success *= (1.0 - failed) ** (call.count * counts[edge])
            reached += weight * success / sum(visits)
        succeeded = 1.0 - self._nodes[name]["error_ratio"]
        return min(max(1.0 - succeeded / max(reached, _NO_FLOW), 0.0), 1.0)


def _variance(readings: dict[str, float]) -> float:
    return variance_of(readings["latency_mean_milliseconds"], readings["latency_p95_milliseconds"])


def _visits(application: Application, rates: dict[str, float]) -> dict[str, float]:
    """Executions per second of every operation, `service.Operation`, if no call failed and none were repeated."""
    visits = {f"{s.name}.{o.name}": 0.0 for s in application.services for o in s.operations}
    calls = {f"{s.name}.{o.name}": o.calls for s in application.services for o in s.operations}

    def visit(name: str, rate: float) -> None:
        visits[name] += rate
        for call in calls[name]:
            visit(call.operation, rate * call.count)

    for request in application.request_types:
        visit(request.operation, rates[request.name])
    return visits
