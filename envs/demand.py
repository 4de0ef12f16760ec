"""How much work the nominal load means for each service and edge, computed from the application alone.

Faults are drawn relative to it: a CPU pressure is as strong as the headroom of its target demands, a network delay as
the calls of a journey over its edge demand. Otherwise `severe` would mean nothing on an idle service.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.topology import Application, ServiceKind

MAX_CALL_DEPTH = 32


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Mean demand of the healthy application. Legend: S services, E edges, J journeys."""

    utilisation: NDArray[np.float64]
    """[S] CPU demand at the nominal rate over the default capacity; above 1 the service cannot keep up."""
    edge_calls: NDArray[np.float64]
    """[J, E] mean calls over each edge per request of a journey."""
    journey_weights: NDArray[np.float64]
    """[J] share of each journey among all requests."""


def estimate_demand(application: Application) -> Demand:
    """Mean demand by following every request type's calls: a call count multiplies along its path."""
    services = {name: position for position, name in enumerate(application.service_names)}
    edges = {(edge.source, edge.target): position for position, edge in enumerate(application.edges)}
    total_weight = sum(request.weight for request in application.request_types)
    cpu_seconds = np.zeros(len(services))
    edge_calls = np.zeros((len(application.journeys), len(edges)))
    journey_weights = np.zeros(len(application.journeys))

    def follow(operation_name: str, executions: float, share: float, journey: int, depth: int) -> None:
        service_name, _, short_name = operation_name.partition(".")
        operation = application.service(service_name).operation(short_name)
        mean_milliseconds = (operation.cpu_milliseconds.low + operation.cpu_milliseconds.high) / 2
        cpu_seconds[services[service_name]] += executions * share * mean_milliseconds / 1000
        if depth == MAX_CALL_DEPTH:
            raise ValueError(
                f"{application.name}: calls nest deeper than {MAX_CALL_DEPTH} at {operation_name}; a cycle?"
            )
        for call in operation.calls:
            edge_calls[journey, edges[service_name, call.operation.partition(".")[0]]] += (
                executions * call.count * share
            )
            follow(call.operation, executions * call.count, share, journey, depth + 1)

    for request in application.request_types:
        journey = application.journey_names.index(request.journey)
        share = request.weight / total_weight
        journey_weights[journey] += share
        follow(request.operation, 1.0, share, journey, 0)

    capacity = np.array([service.replicas * service.cpu_limit_millicores / 1000 for service in application.services])
    return Demand(
        utilisation=cpu_seconds * application.nominal_rate_rps / np.maximum(capacity, 1e-9),
        edge_calls=edge_calls / np.maximum(journey_weights, 1e-9)[:, None],
        journey_weights=journey_weights,
    )


def loaded_services(application: Application, *, minimum_utilisation: float = 0.05) -> tuple[str, ...]:
    """Services that work for the users, busiest first; the load generator and the flag service are not among them."""
    utilisation = estimate_demand(application).utilisation
    order = np.argsort(-utilisation, kind="stable")
    kinds = (ServiceKind.LOAD_GENERATOR, ServiceKind.FLAGS)
    return tuple(
        application.services[position].name
        for position in order
        if utilisation[position] >= minimum_utilisation and application.services[position].kind not in kinds
    )
