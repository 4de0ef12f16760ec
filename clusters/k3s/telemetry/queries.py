"""The PromQL of every signal: one query for all stands, grouped by namespace, for buckets of any length.

A bucket's growth of a counter is its value at the end less its value at the start, both as last sampled, so that the
growths of consecutive buckets add up to the whole. `rate` would lose what happens between the last sample of one
bucket and the first of the next, and it extrapolates. A counter that fell was restarted, and a series that is new began
at 0: both have grown by what they show.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from clusters.k3s.inventory import ContainerSource, EdgeSource, ObjectSource, TelemetrySpec

_CALLS = "traces_span_metrics_calls_total"
_DURATION = "traces_span_metrics_duration_milliseconds"
_GRAPH = "traces_service_graph_request"
_JOURNEYS = "gym_journey_requests_total"
_JOURNEY_DURATION = "gym_journey_duration_milliseconds"
_SERVER = 'span_kind=~"SPAN_KIND_SERVER|SPAN_KIND_CONSUMER"'
_FAILED = 'status_code="STATUS_CODE_ERROR"'
_MEMORY_OF_SERIES = "5m"
"""How long ago a series may have been seen last and still be the same one: Prometheus' own look-back."""
_CONTAINER_SAMPLES = "45s"
"""A kubelet measures a container every 10 to 20 seconds, at times of its own: so long a window holds two samples. With
`and` a container that is gone counts no longer, which a range alone does not see."""
_NAMESPACE = "k8s_namespace_name"


@dataclass(frozen=True, kw_only=True)
class Query:
    """One signal of all stands."""

    template: str
    """PromQL with `$BUCKET` (seconds) and `$STANDS` (a regular expression of namespaces)."""
    entity_labels: tuple[str, ...]
    """Labels that name the service, the two ends of an edge, or the journey; none: it is of the stand."""
    namespace_label: str = _NAMESPACE
    is_late: bool = True
    """It came through the gateway, so it is read a little after the bucket's end; others carry their own times."""

    def expression(self, bucket_seconds: float, namespace_prefix: str) -> str:
        """PromQL, to be evaluated at the ends of buckets."""
        return self.template.replace("$BUCKET", f"{bucket_seconds:g}").replace("$STANDS", f"{namespace_prefix}-.*")


Queries = Mapping[str, Query]
"""Signal -> how it is read; a signal that is not in it does not come from Prometheus."""


def _select(metric: str, *matchers: str, namespace: str = _NAMESPACE) -> str:
    inside = ", ".join((namespace + '=~"$STANDS"', *matchers))
    return f"{metric}{{{inside}}}"


def _growth(selector: str) -> str:
    before = f"last_over_time({selector}[{_MEMORY_OF_SERIES}] offset $BUCKETs)"
    return f"({selector} - {before} >= 0 or {selector})"


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """How a level counts its requests: the queries of its rates, ratios and times follow from it."""

    entity_labels: tuple[str, ...]
    count: str
    """Selector of the requests."""
    duration: Callable[[str], str]
    """Selector of the histogram's `bucket`, `sum` or `count`."""
    namespace_label: str = _NAMESPACE
    unit_milliseconds: float = 1.0
    """Of the durations."""
    relabel: Callable[[str], str] = lambda vector: vector
    """Turns labels into those that name the entity."""

    def rate(self, selector: str) -> Query:
        return self._query(f"{self._sum(_growth(selector))} / $BUCKET")

    def ratio(self, selector: str) -> Query:
        """Share of the requests that `selector` counts; none of some is 0, none of none is unknown."""
        total = f"({self._sum(_growth(self.count))} > 0)"
        return self._query(f"{self._sum(_growth(selector))} / {total} or 0 * {total}")

    def mean(self) -> Query:
        total, number = (self._sum(_growth(self.duration(part))) for part in ("sum", "count"))
        return self._query(f"{self.unit_milliseconds:g} * {total} / ({number} > 0)")

    def p95(self) -> Query:
        buckets = self._sum(_growth(self.duration("bucket")), "le")
        return self._query(f"{self.unit_milliseconds:g} * histogram_quantile(0.95, {buckets})")

    def _sum(self, vector: str, *labels: str) -> str:
        by = ", ".join((self.namespace_label, *self.entity_labels, *labels))
        return f"sum by({by})({self.relabel(vector)})"

    def _query(self, template: str) -> Query:
        return Query(template=template, entity_labels=self.entity_labels, namespace_label=self.namespace_label)


def node_queries(spec: TelemetrySpec) -> Queries:
    """Of services."""
    requests = _Counted(
        entity_labels=("service_name",),
        count=_select(_CALLS, _SERVER),
        duration=lambda part: _select(f"{_DURATION}_{part}", _SERVER),
    )
    return {
        "request_rate_rps": requests.rate(requests.count),
        "error_ratio": requests.ratio(_select(_CALLS, _SERVER, _FAILED)),
        "latency_mean_milliseconds": requests.mean(),
        "latency_p95_milliseconds": requests.p95(),
        "queue_depth": _level("avg_over_time", _select("http_server_active_requests"), "service_name"),
        # The collector's kafkametrics receiver gives the gauge the unit 1, to which Prometheus adds _ratio.
        "consumer_lag": _level("avg_over_time", _select("kafka_consumer_group_lag_ratio"), "group"),
        **_CONTAINERS[spec.containers],
        **_OBJECTS[spec.objects],
    }


def edge_queries(spec: TelemetrySpec) -> Queries:
    """Of calls between services, as the caller sees them."""
    return _EDGES[spec.edges]()


def journey_queries() -> Queries:
    """Of journeys, from the load generator's own metrics."""
    requests = _Counted(
        entity_labels=("journey",),
        count=_select(_JOURNEYS),
        duration=lambda part: _select(f"{_JOURNEY_DURATION}_{part}"),
    )
    return {
        "offered_rate_rps": requests.rate(requests.count),
        "error_ratio": requests.ratio(_select(_JOURNEYS, 'outcome=~"failed|refused|held_back"')),
        "latency_p95_milliseconds": requests.p95(),
        "good_ratio": requests.ratio(_select(_JOURNEYS, 'outcome="good"')),
    }


def stand_queries(spec: TelemetrySpec) -> Queries:
    """Of whole stands."""
    limit = f"last_over_time({_select('gym_load_rate_limit')}[$BUCKETs]) >= 0"
    queries = {
        "offered_rate_rps": Query(
            template=f"sum by({_NAMESPACE})({_growth(_select(_JOURNEYS))}) / $BUCKET", entity_labels=()
        ),
        "rate_limit_rps": Query(template=f"max by({_NAMESPACE})({limit})", entity_labels=()),
    }
    if spec.objects is ObjectSource.K8S_CLUSTER:
        requested = _select("k8s_container_cpu_request", 'k8s_container_name!="load-generator"')
        queries["resource_cost_millicores"] = Query(
            template=f"1000 * sum by({_NAMESPACE})(last_over_time({requested}[$BUCKETs]))", entity_labels=()
        )
    return queries


def _level(over_time: str, selector: str, label: str) -> Query:
    return Query(template=f"sum by({_NAMESPACE}, {label})({over_time}({selector}[$BUCKETs]))", entity_labels=(label,))


def _of_deployments(aggregate: str, vector: str) -> Query:
    """A canary's replicas are its service's."""
    label = "k8s_deployment_name"
    merged = f'label_replace({vector}, "{label}", "$1", "{label}", "(.+)-canary")'
    return Query(template=f"{aggregate} by({_NAMESPACE}, {label})({merged})", entity_labels=(label,))


def _of_containers(aggregate: str, vector: str) -> Query:
    label = "k8s_container_name"
    return Query(template=f"{aggregate} by({_NAMESPACE}, {label})({vector})", entity_labels=(label,))


def _kubelet_bytes(direction: str) -> Query:
    traffic = _select("k8s_pod_network_io_bytes_total", f'direction="{direction}"')
    return _of_deployments("sum", f"{_growth(traffic)} / $BUCKET")


def _cadvisor_bytes(direction: str) -> Query:
    """Per pod; a pod's name is its deployment's and two random parts."""
    traffic = _select(f"container_network_{direction}_bytes_total", 'interface="eth0"', namespace="namespace")
    rate = f"(rate({traffic}[{_CONTAINER_SAMPLES}]) and {traffic})"
    named = f'label_replace({rate}, "service", "$1", "pod", "(.+?)(-canary)?-[a-z0-9]+-[a-z0-9]+")'
    return Query(
        template=f"sum by(namespace, service)({named})",
        entity_labels=("service",),
        namespace_label="namespace",
        is_late=False,
    )


def _cadvisor(vector: str) -> Query:
    return Query(
        template=f"sum by(namespace, container)({vector})",
        entity_labels=("container",),
        namespace_label="namespace",
        is_late=False,
    )


def _cadvisor_queries() -> Queries:
    cpu = _select("container_cpu_usage_seconds_total", 'container!=""', namespace="namespace")
    memory = _select("container_memory_working_set_bytes", 'container!=""', namespace="namespace")
    return {
        "cpu_usage_millicores": _cadvisor(f"1000 * rate({cpu}[{_CONTAINER_SAMPLES}]) and {cpu}"),
        "memory_bytes": _cadvisor(f"{memory} and last_over_time({memory}[{_CONTAINER_SAMPLES}])"),
        "network_receive_bytes_per_second": _cadvisor_bytes("receive"),
        "network_transmit_bytes_per_second": _cadvisor_bytes("transmit"),
    }


def _kubeletstats_queries() -> Queries:
    cpu = _growth(_select("k8s_pod_cpu_time_seconds_total"))
    memory = f"avg_over_time({_select('k8s_pod_memory_working_set_bytes')}[$BUCKETs])"
    return {
        "cpu_usage_millicores": _of_deployments("sum", f"1000 * {cpu} / $BUCKET"),
        "memory_bytes": _of_deployments("sum", memory),
        "network_receive_bytes_per_second": _kubelet_bytes("receive"),
        "network_transmit_bytes_per_second": _kubelet_bytes("transmit"),
    }


def _last(metric: str) -> str:
    return f"last_over_time({_select(metric)}[$BUCKETs])"


def _k8s_cluster_queries() -> Queries:
    return {
        "cpu_limit_millicores": _of_containers("max", f"1000 * {_last('k8s_container_cpu_limit')}"),
        "memory_limit_bytes": _of_containers("max", _last("k8s_container_memory_limit_bytes")),
        "restarts": _of_containers("sum", _growth(_select("k8s_container_restarts"))),
        "replicas_ready": _of_deployments("sum", f"avg_over_time({_select('k8s_deployment_available')}[$BUCKETs])"),
        "replicas_desired": _of_deployments("sum", _last("k8s_deployment_desired")),
    }


def _service_graph_queries() -> Queries:
    namespace = "client_k8s_namespace_name"
    calls = _Counted(
        entity_labels=("client", "server"),
        count=_select(f"{_GRAPH}_total", namespace=namespace),
        duration=lambda part: _select(f"{_GRAPH}_client_seconds_{part}", namespace=namespace),
        namespace_label=namespace,
        unit_milliseconds=1000.0,
    )
    return _edge_level(
        calls, _select(f"{_GRAPH}_failed_total", namespace=namespace), f"{_GRAPH}_total", namespace, "client_gym_retry"
    )


def _client_span_queries() -> Queries:
    """A message broker's spans about what it hands over are producers', so its consumers are its callees."""
    kinds = 'span_kind=~"SPAN_KIND_CLIENT|SPAN_KIND_PRODUCER"'
    named = 'server_address!=""'
    calls = _Counted(
        entity_labels=("service_name", "server"),
        count=_select(_CALLS, kinds, named),
        duration=lambda part: _select(f"{_DURATION}_{part}", kinds, named),
        # The callee's address may have a port or a domain.
        relabel=lambda vector: f'label_replace({vector}, "server", "$1", "server_address", "([^.:]+).*")',
    )
    return _edge_level(calls, _select(_CALLS, kinds, named, _FAILED), _CALLS, _NAMESPACE, "gym_retry", kinds, named)


def _edge_level(
    calls: _Counted, failed: str, counter: str, namespace: str, retry_label: str, *matchers: str
) -> Queries:
    marked = _select(counter, *matchers, f'{retry_label}!=""', namespace=namespace)
    retried = _select(counter, *matchers, f'{retry_label}="true"', namespace=namespace)
    retries, attempts = calls.rate(retried), calls.rate(marked)
    return {
        "request_rate_rps": calls.rate(calls.count),
        "error_ratio": calls.ratio(failed),
        "latency_mean_milliseconds": calls.mean(),
        "latency_p95_milliseconds": calls.p95(),
        # Callers that say which attempts are retries, and made none, had 0.
        "retry_rate_rps": Query(
            template=f"{retries.template} or 0 * {attempts.template}",
            entity_labels=calls.entity_labels,
            namespace_label=namespace,
        ),
    }


_CONTAINERS: Mapping[ContainerSource, Queries] = {
    ContainerSource.CADVISOR: _cadvisor_queries(),
    ContainerSource.KUBELETSTATS: _kubeletstats_queries(),
}
_OBJECTS: Mapping[ObjectSource, Queries] = {
    ObjectSource.K8S_CLUSTER: _k8s_cluster_queries(),
    ObjectSource.WATCH: {},
}
_EDGES: Mapping[EdgeSource, Callable[[], Queries]] = {
    EdgeSource.SERVICE_GRAPH: _service_graph_queries,
    EdgeSource.CLIENT_SPANS: _client_span_queries,
}
