"""Why a signal of a stand has no value: one sentence, as exact as its source allows."""

from collections.abc import Mapping

from clusters.k3s.inventory import ContainerSource, EdgeSource, ObjectSource, TelemetrySpec

_SPANS = "the gateway saw no such spans: nothing was called, or the pods do not reach it"
_CLIENTS = "the gateway saw no client spans with server.address: nothing was called, or the pods do not report them"
_PAIRS = "the gateway's service graph connector paired no spans: nothing was called, or the plane lacks the connector"
_LOAD = "the load generator reports no journeys: it does not run, or it does not reach the gateway"
_REASONS: Mapping[str, str] = {
    "nodes.error_ratio": "no request in that time",
    "nodes.latency_mean_milliseconds": "no request in that time",
    "nodes.latency_p95_milliseconds": "no request in that time",
    "nodes.queue_depth": "no service reports http.server.active_requests",
    "nodes.consumer_lag": "nothing consumes messages, or the broker's lag is not reported",
    "edges.error_ratio": "no call in that time",
    "edges.latency_mean_milliseconds": "no call in that time",
    "edges.latency_p95_milliseconds": "no call in that time",
    "edges.retry_rate_rps": "callers' spans do not say which attempts are retries (attribute gym.retry)",
    "journeys.error_ratio": "no request in that time",
    "journeys.latency_p95_milliseconds": "no answer in that time",
    "journeys.good_ratio": "no request in that time",
    "journeys.offered_rate_rps": _LOAD,
    "stand.offered_rate_rps": _LOAD,
    "stand.rate_limit_rps": "there is no limit",
}
_CONTAINERS: Mapping[ContainerSource, str] = {
    ContainerSource.CADVISOR: "Prometheus has no container_* metrics of it from a kubelet within 45 s",
    ContainerSource.KUBELETSTATS: "Prometheus has no k8s_pod_* metrics of it from the kubeletstats receiver",
}
_OBJECTS: Mapping[ObjectSource, str] = {
    ObjectSource.WATCH: "there are no deployments or pods with the stand's label",
    ObjectSource.K8S_CLUSTER: "Prometheus has no k8s_deployment_* and k8s_container_* metrics of it",
}
_CONTAINER_SIGNALS = ("cpu_usage_", "memory_bytes", "network_")


def reason(spec: TelemetrySpec, level: str, signal: str) -> str:
    """Why `signal` of a level (`nodes`, `edges`, `journeys`, `stand`) is missing, if nothing more is known."""
    known = _REASONS.get(f"{level}.{signal}")
    if known:
        return known
    if level == "edges":
        return _PAIRS if spec.edges is EdgeSource.SERVICE_GRAPH else _CLIENTS
    if signal == "request_rate_rps":
        return _SPANS
    if signal.startswith(_CONTAINER_SIGNALS):
        return _CONTAINERS[spec.containers]
    return _OBJECTS[spec.objects]
