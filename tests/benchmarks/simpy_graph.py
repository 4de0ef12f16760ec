"""The anchor: the reference graph in plain SimPy, a `Resource` per service and calls one after the other.

It is the least that plays the graph: the network's time of each call as in the model, but no timeouts, no retries, no
errors, no bounds, first come first served in place of processor sharing, and no telemetry but a count.
"""

import random
from collections.abc import Generator
from typing import Any

import simpy

from clusters.simulated.parameters import NETWORK_SECONDS
from clusters.topology import LOAD_GENERATOR, Application, Operation, Service


class SimPyGraph:
    """One stand from time 0, empty."""

    def __init__(self, application: Application, rate_rps: float, seed: int) -> None:
        self.env = simpy.Environment()
        self.num_sent = 0
        self.num_answered = 0
        self._random = random.Random(seed)
        services = [service for service in application.services if service.name != LOAD_GENERATOR]
        self._cpus = {service.name: simpy.Resource(self.env, capacity=_cores(service)) for service in services}
        self._operations = {
            f"{service.name}.{operation.name}": (service.name, _seconds(service, operation), operation.calls)
            for service in services
            for operation in service.operations
        }
        self._entries = [request.operation for request in application.request_types]
        self._weights = [request.weight for request in application.request_types]
        self.env.process(self._users(rate_rps))

    def run(self, seconds: float) -> None:
        """Let so much more time pass."""
        self.env.run(until=self.env.now + seconds)

    def _users(self, rate_rps: float) -> Generator[Any, Any, None]:
        while True:
            yield self.env.timeout(self._random.expovariate(rate_rps))
            entry = self._random.choices(self._entries, self._weights)[0]
            self.env.process(self._request(entry))

    def _request(self, entry: str) -> Generator[Any, Any, None]:
        self.num_sent += 1
        yield from self._execute(entry)
        self.num_answered += 1

    def _execute(self, operation: str) -> Generator[Any, Any, None]:
        service, seconds, calls = self._operations[operation]
        yield self.env.timeout(NETWORK_SECONDS)
        with self._cpus[service].request() as turn:
            yield turn
            yield self.env.timeout(self._random.expovariate(1.0 / seconds))
        for call in calls:
            repeats, chance = divmod(call.count, 1.0)
            for _ in range(int(repeats) + (self._random.random() < chance)):
                yield from self._execute(call.operation)


def _cores(service: Service) -> int:
    return service.replicas * max(1, round(service.cpu_limit_millicores / 1000.0))


def _seconds(service: Service, operation: Operation) -> float:
    """Mean CPU time; where a replica's limit is below one core, its requests run so much slower."""
    speed = min(1.0, service.cpu_limit_millicores / 1000.0)
    return operation.cpu_milliseconds.low / 1000.0 / speed
