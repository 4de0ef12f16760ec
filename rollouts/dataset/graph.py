"""graph.json: the service graph of a run, with Kubernetes names, and the whole application it was derived from."""

from dataclasses import dataclass
from functools import lru_cache

from clusters.topology import LOAD_GENERATOR, Application, Edge, Journey, RequestType, Service
from rollouts.dataset.documents import dump, from_document, load_json, to_document
from rollouts.dataset.schema import GRAPH_FILE


@dataclass(frozen=True, kw_only=True)
class KubernetesNames:
    """What a node is called in the cluster."""

    deployment: str
    service: str
    container: str
    namespace: str | None = None
    """Null: a simulated stand has none."""


@dataclass(frozen=True, kw_only=True)
class GraphNode:
    """A service, workload or infrastructure dependency."""

    name: str
    kind: str
    protocol: str
    port: int | None
    """Null: nothing connects to it; it fetches its work."""
    kubernetes: KubernetesNames


@dataclass(frozen=True, kw_only=True)
class GraphEdge:
    """A directed service-to-service dependency. Every edge is expected: the application says so."""

    source: str
    target: str
    protocol: str
    endpoint: str
    """`host:port` of the target inside its namespace; without a port where nothing connects to it."""
    operations: tuple[str, ...]
    """The target's operations that the source calls."""
    expected: bool = True


@dataclass(frozen=True, kw_only=True)
class Graph:
    """The document. Order of nodes, edges and journeys is the order of the telemetry rows inside a bucket."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    journeys: tuple[Journey, ...]
    request_types: tuple[RequestType, ...]
    application: Application
    """Everything that the stand was built from."""


def graph_of(application: Application) -> Graph:
    """The graph of an application."""
    return Graph(
        nodes=tuple(_node(service) for service in application.services),
        edges=tuple(_edge(application, edge) for edge in application.edges),
        journeys=application.journeys,
        request_types=application.request_types,
        application=application,
    )


def encode_graph(graph: Graph) -> bytes:
    """The file's bytes."""
    return dump(to_document(graph), indent=1)


@lru_cache(maxsize=64)
def decode_graph(data: bytes) -> Graph:
    """The graph in a file's bytes. Runs of one application share one object.

    Raises:
        UserError: no such document.
    """
    return from_document(load_json(data, source=GRAPH_FILE), Graph, source=GRAPH_FILE)


def _node(service: Service) -> GraphNode:
    names = KubernetesNames(deployment=service.name, service=service.name, container=service.name)
    return GraphNode(
        name=service.name, kind=str(service.kind), protocol=service.protocol, port=service.port, kubernetes=names
    )


def _edge(application: Application, edge: Edge) -> GraphEdge:
    port = application.service(edge.target).port
    return GraphEdge(
        source=edge.source,
        target=edge.target,
        protocol=edge.protocol,
        endpoint=edge.target if port is None else f"{edge.target}:{port}",
        operations=tuple(sorted(_operations_called(application, edge))),
    )


def _operations_called(application: Application, edge: Edge) -> set[str]:
    called = [call.operation for op in application.service(edge.source).operations for call in op.calls]
    if edge.source == LOAD_GENERATOR:
        called += [request.operation for request in application.request_types]
    prefix = f"{edge.target}."
    return {operation for operation in called if operation.startswith(prefix)}
