"""The clusters that offer stands, as a YAML file describes them (`ray_configs/stands/*.yaml`)."""

import re
from dataclasses import dataclass, field
from enum import StrEnum

_PREFIX = re.compile(r"[a-z]([a-z0-9-]{0,18}[a-z0-9])?")
"""The beginning of a namespace's name: a DNS label of 63 characters also holds the application and a random part."""


class ImageKind(StrEnum):
    """What a stand's pods run."""

    DEMO = "demo"
    """The OpenTelemetry Demo's own images, at the version that the application's YAML names."""
    SYNTHETIC = "synthetic"
    """One image of ours that plays every service as the YAML describes it."""


class EdgeSource(StrEnum):
    """What a plane derives service-to-service calls from."""

    SERVICE_GRAPH = "service_graph"
    """The collector's service graph connector, keyed by namespace."""
    CLIENT_SPANS = "client_spans"
    """Span metrics of client spans, with the server's address as a dimension."""


class ContainerSource(StrEnum):
    """Where CPU and memory of containers come from."""

    KUBELETSTATS = "kubeletstats"
    """The collector's receiver: `k8s_pod_*` metrics."""
    CADVISOR = "cadvisor"
    """The kubelet's own `container_*` metrics, scraped by Prometheus."""


class ObjectSource(StrEnum):
    """Where replicas, limits and restarts come from."""

    K8S_CLUSTER = "k8s_cluster"
    """The collector's receiver: `k8s_deployment_*` and `k8s_container_*` metrics."""
    WATCH = "watch"
    """A watch on the cluster's deployments and pods, held by its reader."""


@dataclass(frozen=True, kw_only=True)
class ImageSpec:
    """Which images, and where they are."""

    kind: ImageKind = ImageKind.SYNTHETIC
    synthetic: str = "otel-control-gym/synthetic:1"
    """Plays every service, the flag server and the load generator."""
    pull_policy: str = "IfNotPresent"


@dataclass(frozen=True, kw_only=True)
class TelemetrySpec:
    """The cluster's one telemetry plane."""

    prometheus_url: str
    """As the actors reach it."""
    otlp_endpoint: str
    """Of the collector gateway, OTLP over HTTP, as pods reach it: `http://gateway.telemetry:4318`."""
    namespace: str = "telemetry"
    """Where the gateway lives; stands may send to it. Empty: it is outside the cluster."""
    lag_seconds: float = 10.0
    """A stand's clock is this far behind: what happened before that has surely arrived in Prometheus."""
    sample_seconds: float = 5.0
    """How often the plane takes a sample of every counter: flush and scrape interval."""
    edges: EdgeSource = EdgeSource.CLIENT_SPANS
    containers: ContainerSource = ContainerSource.CADVISOR
    objects: ObjectSource = ObjectSource.WATCH
    spans_endpoint: str = ""
    """Port of ours on which the gateway delivers spans, `host:port`; empty: spans are not read."""
    coroot_url: str = ""
    """Empty: there is no Coroot."""
    coroot_project: str = ""

    def __post_init__(self) -> None:
        if self.lag_seconds < 0:
            raise ValueError(f"lag_seconds must not be negative, not {self.lag_seconds}")
        if self.sample_seconds <= 0:
            raise ValueError(f"sample_seconds must be positive, not {self.sample_seconds}")


@dataclass(frozen=True, kw_only=True)
class ClusterSpec:
    """One cluster that offers stands."""

    name: str
    """In messages, and in the custom Ray resource `stand_<name>`."""
    telemetry: TelemetrySpec
    kubeconfig: str = ""
    """Path, `~` and `$VARIABLES` expanded; empty: `$KUBECONFIG`, or the usual place, or the pod's own account."""
    context: str = ""
    """Empty: the kubeconfig's current one."""
    stands: int = 1
    """How many at once."""
    memory_bytes: float | None = None
    """That all its stands may use together; None: the nodes' own."""
    images: ImageSpec = field(default_factory=ImageSpec)

    def __post_init__(self) -> None:
        if self.stands < 1:
            raise ValueError(f"stands must be at least 1, not {self.stands}")


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Everything that live stands need to know about where they run."""

    clusters: tuple[ClusterSpec, ...]
    namespace_prefix: str = "gym"
    """Stands are the namespaces `<prefix>-<application>-<random>`."""
    lease_seconds: float = 60.0
    """A holder that does not renew for so long has lost its stand."""
    rate_ratio: float = 1.0
    """Share of a scenario's request rate that is sent: small machines cannot carry an application's nominal load."""
    latency_ratio: float = 1.0
    """How many times its objective a journey's p95 may be on a healthy stand: more where stands share few CPUs."""
    ready_timeout_seconds: float = 300.0
    """How long a stand may take until all its pods are ready."""

    def __post_init__(self) -> None:
        names = [cluster.name for cluster in self.clusters]
        if not names:
            raise ValueError("clusters must name at least one cluster")
        if len(set(names)) < len(names):
            raise ValueError(f"clusters must have different names, not {', '.join(names)}")
        if not _PREFIX.fullmatch(self.namespace_prefix):
            raise ValueError(
                "namespace_prefix must be at most 20 lower-case letters, digits and inner dashes, not "
                f"{self.namespace_prefix!r}"
            )
        if not 0.0 < self.rate_ratio <= 1.0:
            raise ValueError(f"rate_ratio must be above 0 and at most 1, not {self.rate_ratio}")
        for key in ("lease_seconds", "latency_ratio", "ready_timeout_seconds"):
            if getattr(self, key) <= 0:
                raise ValueError(f"{key} must be positive, not {getattr(self, key)}")

    def cluster(self, name: str) -> ClusterSpec:
        """The cluster called `name`; KeyError naming the known ones otherwise."""
        for cluster in self.clusters:
            if cluster.name == name:
                return cluster
        raise KeyError(f"there is no cluster {name!r}: there are {', '.join(c.name for c in self.clusters)}")
