"""Configuration of the collector gateway, as a plain document.

OTLP in -> (spans: span metrics, service graph, our receiver) + (metrics) -> Prometheus
"""

from dataclasses import dataclass
from typing import Any

from clusters.k3s.inventory import EdgeSource
from clusters.simulated.telemetry.histograms import BOUNDS_MS

RETRY_ATTRIBUTE = "gym.retry"
"""On client spans: `true` if the attempt is a further one after a failed one."""
SERVER_ATTRIBUTE = "server.address"
"""On client spans: the callee's service name; on consumers' spans the broker's."""
_EXPIRATION = "5m"
"""Series of what sends nothing any more are given up after so long."""
_SILENCE = "30s"
"""What a pod told last is offered for so long: beyond it a pod that is gone would be counted on."""
_FLUSHES_PER_SCRAPE = 5
_MAX_RESOURCES = 20000


@dataclass(frozen=True, kw_only=True)
class PrometheusExport:
    """Where metrics go: pushed to an OTLP receiver, or offered for scraping."""

    otlp_url: str = ""
    """`http://prometheus:9090/api/v1/otlp`; empty: they are scraped."""
    scrape_endpoint: str = ""
    """`host:port` on which they are offered; empty: they are pushed."""

    def __post_init__(self) -> None:
        if bool(self.otlp_url) == bool(self.scrape_endpoint):
            raise ValueError("give exactly one of otlp_url and scrape_endpoint")


@dataclass(frozen=True, kw_only=True)
class CollectorPlan:
    """What a gateway does."""

    export: PrometheusExport
    edges: EdgeSource
    http_endpoint: str = "0.0.0.0:4318"
    grpc_endpoint: str = "0.0.0.0:4317"
    sample_seconds: float = 5.0
    """How often Prometheus gets a sample of each metric."""
    spans_endpoint: str = ""
    """OTLP receiver (gRPC) that all spans are copied to; empty: none."""
    has_cluster_metrics: bool = False
    """Read replicas, limits and restarts from the API server (the receiver `k8s_cluster`)."""
    has_pod_attributes: bool = False
    """Look up which deployment a pod is of: for what does not say so itself."""


def collector_config(plan: CollectorPlan) -> dict[str, Any]:
    """The whole configuration."""
    connectors: dict[str, Any] = {"span_metrics": _span_metrics(plan)}
    if plan.edges is EdgeSource.SERVICE_GRAPH:
        connectors["service_graph"] = _service_graph(plan)
    exporter, settings = _metrics_exporter(plan.export)
    exporters = {exporter: settings}
    if plan.spans_endpoint:
        exporters["otlp_grpc/spans"] = _spans_exporter(plan.spans_endpoint)
    receivers = _receivers(plan)
    processors: dict[str, Any] = {"batch": {"timeout": "500ms"}}
    if plan.has_pod_attributes:
        processors = {"k8s_attributes": _POD_ATTRIBUTES} | processors
    return {
        "receivers": receivers,
        "processors": processors,
        "connectors": connectors,
        "exporters": exporters,
        "service": {
            # Several collectors on one machine would quarrel about the port of their own metrics.
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "traces": {
                    "receivers": ["otlp"],
                    "processors": list(processors),
                    "exporters": [*connectors, *(name for name in exporters if name != exporter)],
                },
                "metrics": {
                    "receivers": [*receivers, *connectors],
                    "processors": list(processors),
                    "exporters": [exporter],
                },
            },
        },
    }


def agent_config(gateway: str, *, sample_seconds: float = 5.0) -> dict[str, Any]:
    """Configuration of a node's agent: containers' CPU, memory and traffic from its kubelet to the gateway's gRPC."""
    kubelet = {
        "collection_interval": f"{sample_seconds:g}s",
        "auth_type": "serviceAccount",
        "endpoint": "https://${env:K8S_NODE_NAME}:10250",
        "insecure_skip_verify": True,
        "metric_groups": ["pod", "container"],
    }
    return {
        "receivers": {"kubeletstats": kubelet},
        "processors": {"batch": {"timeout": "500ms"}},
        "exporters": {"otlp_grpc": {"endpoint": gateway, "tls": {"insecure": True}}},
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "metrics": {"receivers": ["kubeletstats"], "processors": ["batch"], "exporters": ["otlp_grpc"]}
            },
        },
    }


def _receivers(plan: CollectorPlan) -> dict[str, Any]:
    protocols = {"grpc": {"endpoint": plan.grpc_endpoint}, "http": {"endpoint": plan.http_endpoint}}
    receivers: dict[str, Any] = {"otlp": {"protocols": protocols}}
    if plan.has_cluster_metrics:
        receivers["k8s_cluster"] = {"collection_interval": f"{plan.sample_seconds:g}s"}
    return receivers


def _flush_interval(plan: CollectorPlan) -> str:
    """What is pushed is a sample itself; a scrape must find what is fresh, whichever of the two clocks goes ahead."""
    seconds = plan.sample_seconds if plan.export.otlp_url else plan.sample_seconds / _FLUSHES_PER_SCRAPE
    return f"{round(1000 * seconds)}ms"


def _span_metrics(plan: CollectorPlan) -> dict[str, Any]:
    return {
        # Named, because a later default differs.
        "namespace": "traces.span.metrics",
        "histogram": {"unit": "ms", "explicit": {"buckets": [f"{bound:g}ms" for bound in BOUNDS_MS]}},
        "dimensions": [{"name": SERVER_ATTRIBUTE}, {"name": RETRY_ATTRIBUTE}],
        "add_resource_attributes": True,
        "metrics_flush_interval": _flush_interval(plan),
        "metrics_expiration": _EXPIRATION,
        "resource_metrics_cache_size": _MAX_RESOURCES,
    }


def _service_graph(plan: CollectorPlan) -> dict[str, Any]:
    return {
        "dimensions": ["k8s.namespace.name", RETRY_ATTRIBUTE],
        "latency_histogram_buckets": [f"{bound:g}ms" for bound in BOUNDS_MS],
        "metrics_flush_interval": _flush_interval(plan),
        "store": {"ttl": "10s", "max_items": _MAX_RESOURCES},
        "database_name_attributes": ["db.namespace", "db.name", "db.system"],
    }


def _metrics_exporter(export: PrometheusExport) -> tuple[str, dict[str, Any]]:
    if export.otlp_url:
        return "otlp_http/prometheus", {"endpoint": export.otlp_url, "tls": {"insecure": True}}
    return "prometheus", {
        "endpoint": export.scrape_endpoint,
        "metric_expiration": _SILENCE,
        "resource_to_telemetry_conversion": {"enabled": True},
    }


def _spans_exporter(endpoint: str) -> dict[str, Any]:
    """Spans are dropped while nobody listens: a gateway must not fill up with them."""
    return {
        "endpoint": endpoint,
        "tls": {"insecure": True},
        "retry_on_failure": {"enabled": False},
        "sending_queue": {"queue_size": 200},
    }


_POD_ATTRIBUTES: dict[str, Any] = {
    "extract": {
        "metadata": [
            "k8s.namespace.name",
            "k8s.pod.name",
            "k8s.deployment.name",
            "k8s.container.name",
            "service.instance.id",
        ]
    },
    "pod_association": [
        {"sources": [{"from": "resource_attribute", "name": "k8s.pod.ip"}]},
        {"sources": [{"from": "resource_attribute", "name": "k8s.pod.uid"}]},
        {"sources": [{"from": "connection"}]},
    ],
}
