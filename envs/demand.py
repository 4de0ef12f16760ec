"""How much work the nominal load means for each service and edge, computed from the application alone.

Faults are drawn relative to it: a CPU pressure is as strong as the headroom of its target demands, a network delay as
the calls of a journey over its edge demand. Otherwise `severe` would mean nothing on an idle service.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusters.topology import LOAD_GENERATOR, Application, ServiceKind

T = TypeVar("T")
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MAX_CALL_DEPTH = 32
MIN_CALLS = 0.3
"""An edge that every journey uses more seldom is no target of a network fault: few users would notice."""
MIN_UTILISATION = 0.05
KEPT_APPLICATIONS = 32


def per_application(compute: Callable[[Application], T]) -> Callable[[Application], T]:
    """Compute once per application object: by identity, because hashing one takes longer than drawing a scenario."""
    kept: dict[int, tuple[Application, T]] = {}

    @wraps(compute)
    def lookup(application: Application) -> T:
        entry = kept.get(id(application))
        if entry is None:
            if len(kept) >= KEPT_APPLICATIONS:
                kept.clear()
            # The entry holds the application, so its id cannot come to mean another one.
            entry = kept[id(application)] = (application, compute(application))
        return entry[1]

    return lookup


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Mean demand of the healthy application. Legend: S services, E edges, J journeys."""

    utilisation: NDArray[np.float64]
    """[S] CPU demand at the nominal rate over the default capacity; above 1 the service cannot keep up."""
    edge_calls: NDArray[np.float64]
    """[J, E] mean calls over each edge per request of a journey."""
    waited_calls: NDArray[np.float64]
    """[J, E] those of them that the user waits for: no message lies on the way."""
    journey_weights: NDArray[np.float64]
    """[J] share of each journey among all requests."""


@per_application
def estimate_demand(application: Application) -> Demand:
    """Mean demand by following every request type's calls: a call count multiplies along its path."""
    services = {name: position for position, name in enumerate(application.service_names)}
    edges = {(edge.source, edge.target): position for position, edge in enumerate(application.edges)}
    total_weight = sum(request.weight for request in application.request_types)
    cpu_seconds = np.zeros(len(services))
    edge_calls = np.zeros((2, len(application.journeys), len(edges)))
    journey_weights = np.zeros(len(application.journeys))

    def follow(operation_name: str, executions: float, share: float, journey: int, depth: int, waited: bool) -> None:
        service_name, _, short_name = operation_name.partition(".")
        operation = application.service(service_name).operation(short_name)
        mean_milliseconds = (operation.cpu_milliseconds.low + operation.cpu_milliseconds.high) / 2
        cpu_seconds[services[service_name]] += executions * share * mean_milliseconds / 1000
        if depth == MAX_CALL_DEPTH:
            raise ValueError(
                f"{application.name}: calls nest deeper than {MAX_CALL_DEPTH} at {operation_name}; a cycle?"
            )
        for call in operation.calls:
            edge = edges[service_name, call.operation.partition(".")[0]]
            is_waited = waited and not call.asynchronous
            edge_calls[0, journey, edge] += executions * call.count * share
            edge_calls[1, journey, edge] += executions * call.count * share * is_waited
            follow(call.operation, executions * call.count, share, journey, depth + 1, is_waited)

    for request in application.request_types:
        journey = application.journey_names.index(request.journey)
        share = request.weight / total_weight
        journey_weights[journey] += share
        follow(request.operation, 1.0, share, journey, 0, True)

    capacity = np.array([service.replicas * service.cpu_limit_millicores / 1000 for service in application.services])
    per_request = edge_calls / np.maximum(journey_weights, 1e-9)[:, None]
    return Demand(
        utilisation=cpu_seconds * application.nominal_rate_rps / np.maximum(capacity, 1e-9),
        edge_calls=per_request[0],
        waited_calls=per_request[1],
        journey_weights=journey_weights,
    )


@per_application
def loaded_positions(application: Application) -> Ints:
    """[X] services of ours that work for the users, busiest first; neither the load generator nor the flag service."""
    utilisation = estimate_demand(application).utilisation
    kinds = (ServiceKind.LOAD_GENERATOR, ServiceKind.FLAGS, ServiceKind.EXTERNAL_MODEL)
    is_ours = np.array([service.kind not in kinds for service in application.services])
    order = np.argsort(-utilisation, kind="stable")
    return order[(is_ours & (utilisation >= MIN_UTILISATION))[order]]


@per_application
def loaded_services(application: Application) -> tuple[str, ...]:
    """The names of `loaded_positions`."""
    return tuple(application.services[position].name for position in loaded_positions(application))


@per_application
def utilisations(application: Application) -> dict[str, float]:
    """CPU demand over capacity at the nominal rate, by service."""
    values = estimate_demand(application).utilisation.tolist()
    return dict(zip(application.service_names, values, strict=True))


@per_application
def highest_utilisation(application: Application) -> float:
    """Of the busiest service."""
    return max(utilisations(application).values())


@per_application
def edge_exposures(application: Application) -> dict[tuple[str, str], float]:
    """Share of its objective that the worst journey loses per millisecond of delay on each edge that users notice."""
    calls = estimate_demand(application).waited_calls
    objectives = np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    shares = np.where(calls >= MIN_CALLS, calls / objectives[:, None], 0.0).max(axis=0)
    return {
        (edge.source, edge.target): float(share)
        for edge, share in zip(application.edges, shares, strict=True)
        if edge.source != LOAD_GENERATOR and share > 0
    }


@per_application
def edge_uses(application: Application) -> dict[tuple[str, str], float]:
    """Most waited calls over each edge per request of any journey, of the edges that users notice."""
    most = estimate_demand(application).waited_calls.max(axis=0).tolist()
    calls = {(edge.source, edge.target): count for edge, count in zip(application.edges, most, strict=True)}
    return {edge: calls[edge] for edge in edge_exposures(application)}


class ExposedEdges(NamedTuple):
    """`edge_exposures` and `edge_uses` as arrays, in their order. Legend: X edges that users notice."""

    positions: Ints
    """[X] among the application's edges."""
    exposures: Floats
    """[X] share of an objective per millisecond."""
    uses: Floats
    """[X] calls per request."""


@per_application
def exposed_edges(application: Application) -> ExposedEdges:
    """What network faults are drawn from."""
    positions = {(edge.source, edge.target): position for position, edge in enumerate(application.edges)}
    exposures, uses = edge_exposures(application), edge_uses(application)
    return ExposedEdges(
        positions=np.array([positions[edge] for edge in exposures], dtype=np.int64),
        exposures=np.array([exposures[edge] for edge in exposures], dtype=np.float64),
        uses=np.array([uses[edge] for edge in exposures], dtype=np.float64),
    )


@per_application
def dependency_exposures(application: Application) -> dict[str, float]:
    """As `edge_exposures` for waiting inside a service that other services call."""
    calls = estimate_demand(application).waited_calls
    objectives = np.array([journey.slo_latency_milliseconds for journey in application.journeys])
    exposures = {}
    for service in dict.fromkeys(target for _, target in edge_exposures(application)):
        into = np.array([edge.target == service for edge in application.edges])
        exposures[service] = float((calls[:, into].sum(axis=1) / objectives).max())
    return exposures


class ExposedServices(NamedTuple):
    """`dependency_exposures` as arrays, in its order. Legend: X services that others call."""

    positions: Ints
    """[X] among the application's services."""
    exposures: Floats
    """[X] share of an objective per millisecond."""


@per_application
def exposed_services(application: Application) -> ExposedServices:
    """What faults of services that others call are drawn from."""
    exposures = dependency_exposures(application)
    return ExposedServices(
        positions=np.array([application.service_names.index(service) for service in exposures], dtype=np.int64),
        exposures=np.array(list(exposures.values()), dtype=np.float64),
    )
