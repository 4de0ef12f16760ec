"""Whether Prometheus answers, what it takes in, and which signals of the catalogue it has."""

import re
from collections.abc import Iterable, Mapping

import httpx

from clusters.k3s.doctor.point import Examination, Point, Status
from clusters.k3s.inventory import ContainerSource, EdgeSource, ObjectSource
from clusters.k3s.telemetry.prometheus import Prometheus, PrometheusError
from clusters.k3s.telemetry.queries import Queries, edge_queries, journey_queries, node_queries, stand_queries

_TIMEOUT_SECONDS = 10.0
_BUCKET_SECONDS = 60.0
"""Long enough for every source to have taken a sample."""
_PAST = "1d"
"""How far back a metric is looked for that has no values now."""
_METRIC = re.compile(r"([a-z][a-z0-9_]*)\{")
"""Names of metrics in PromQL."""
_INSTALL = "python -m clusters install CONFIG"

Source = EdgeSource | ContainerSource

_EDGES: Mapping[Source, str] = {
    EdgeSource.SERVICE_GRAPH: "traces_service_graph_request_total",
    EdgeSource.CLIENT_SPANS: 'traces_span_metrics_calls_total{server_address!=""}',
}
_CONTAINERS: Mapping[Source, str] = {
    ContainerSource.CADVISOR: "container_cpu_usage_seconds_total",
    ContainerSource.KUBELETSTATS: "k8s_pod_cpu_time_seconds_total",
}
_HOW: Mapping[Source, str] = {
    EdgeSource.SERVICE_GRAPH: "add the service graph connector with the dimension k8s.namespace.name to the gateway",
    EdgeSource.CLIENT_SPANS: "add server.address to the dimensions of the gateway's span metrics",
    ContainerSource.CADVISOR: "let Prometheus scrape the kubelets' /metrics/cadvisor",
    ContainerSource.KUBELETSTATS: "add the kubeletstats receiver to a collector on every node",
}


def metrics(examination: Examination) -> Iterable[Point]:
    """What does not depend on stands first, then the signals that stands make."""
    url, topic = examination.cluster.telemetry.prometheus_url, "Prometheus"
    prometheus = Prometheus(url, cluster=examination.cluster.name)
    try:
        prometheus.instant("vector(1)")
    except PrometheusError as error:
        fix = f"correct prometheus_url, forward its port to this machine, or {_INSTALL} brings one up"
        yield Point(topic=topic, status=Status.MISSING, finding=str(error), fix=fix)
        return
    else:
        yield Point(topic=topic, status=Status.OK, finding=f"{url} answers")
        yield _intake(url)
        yield _source(prometheus, "edges", examination.cluster.telemetry.edges, _EDGES, must_be=examination.is_in_use)
        yield _source(
            prometheus, "container metrics", examination.cluster.telemetry.containers, _CONTAINERS, must_be=True
        )
        yield _objects(examination)
        yield from _signals(prometheus, examination)
    finally:
        prometheus.close()


def _intake(url: str) -> Point:
    """Prometheus takes what is pushed (OTLP, remote write), or fetches what targets offer."""
    topic = "Prometheus intake"
    try:
        flags, targets = (
            httpx.get(f"{url.rstrip('/')}/api/v1/{path}", timeout=_TIMEOUT_SECONDS, trust_env=False).json()["data"]
            for path in ("status/flags", "targets?state=active")
        )
        ways = [name for flag, name in _RECEIVERS.items() if flags.get(flag) == "true"]
        healthy = [target["labels"]["job"] for target in targets["activeTargets"] if target["health"] == "up"]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        finding = f"its flags and targets cannot be read: {error}"
        return Point(topic=topic, status=Status.UNKNOWN, finding=finding, fix="ask Prometheus itself, not a front end")
    ways += [f"scrape of {', '.join(sorted(set(healthy)))}"] if healthy else []
    if ways:
        return Point(topic=topic, status=Status.OK, finding="; ".join(ways))
    return Point(
        topic=topic,
        status=Status.MISSING,
        finding="it takes nothing: no receiver is on, and no target is up",
        fix="start it with --web.enable-otlp-receiver, or let it scrape the gateway",
    )


_RECEIVERS = {"web.enable-otlp-receiver": "OTLP receiver", "web.enable-remote-write-receiver": "remote write receiver"}


def _source(
    prometheus: Prometheus, topic: str, wanted: Source, metrics_by_source: Mapping[Source, str], *, must_be: bool
) -> Point:
    """Whether the configured source has values; another one that has some is named."""
    present = [source for source, metric in metrics_by_source.items() if prometheus.instant(f"group({metric})")]
    if wanted in present:
        also = [str(source) for source in present if source != wanted]
        finding = f"from {wanted}" + (f"; there is also {', '.join(also)}" if also else "")
        return Point(topic=topic, status=Status.OK, finding=finding)
    if present:
        finding, fix = f"none from {wanted}, but from {present[0]}", f"set {topic.split()[0]} to {present[0]}, or "
        return Point(topic=topic, status=Status.MISSING, finding=finding, fix=fix + _HOW[wanted])
    return Point(
        topic=topic,
        status=Status.MISSING if must_be else Status.UNKNOWN,
        finding=f"none from {wanted}" + ("" if must_be else ", but no stand runs that would make any"),
        fix=_HOW[wanted],
    )


def _objects(examination: Examination) -> Point:
    """Replicas, limits and restarts: a watch needs nothing but rights."""
    source = examination.cluster.telemetry.objects
    fix = "" if source is ObjectSource.WATCH else "see the point node signals, or set objects to watch"
    return Point(topic="replicas and limits", status=Status.OK, finding=f"from {source}", fix=fix)


def _signals(prometheus: Prometheus, examination: Examination) -> Iterable[Point]:
    spec = examination.cluster.telemetry
    levels: dict[str, Queries] = {
        "node signals": node_queries(spec),
        "edge signals": edge_queries(spec),
        "journey signals": journey_queries(),
        "stand signals": stand_queries(spec),
    }
    for topic, queries in levels.items():
        yield _level(prometheus, topic, queries, examination)


def _level(prometheus: Prometheus, topic: str, queries: Queries, examination: Examination) -> Point:
    """Which signals have values now, which have only had some, and which were never there."""
    prefix = examination.inventory.namespace_prefix
    expressions = {signal: query.expression(_BUCKET_SECONDS, prefix) for signal, query in queries.items()}
    silent = [signal for signal, text in expressions.items() if not prometheus.instant(f"count({text})")]
    if not silent:
        return Point(topic=topic, status=Status.OK, finding=f"all {len(queries)} have values")
    wanted = {name for signal in silent for name in _METRIC.findall(expressions[signal])}
    pattern = "|".join(sorted(wanted))
    known = {
        series.labels.get("__name__", "")
        for series in prometheus.instant(f'group by(__name__)(last_over_time({{__name__=~"{pattern}"}}[{_PAST}]))')
    }
    empty = [s for s in silent if known.issuperset(_METRIC.findall(expressions[s]))]
    absent = [signal for signal in silent if signal not in empty]
    parts = [f"{len(queries) - len(silent)} of {len(queries)} have values"]
    parts += [f"there but empty: {', '.join(empty)}"] if empty else []
    parts += [f"never seen: {', '.join(absent)} ({', '.join(sorted(wanted - known))})"] if absent else []
    has_source = set(silent) <= _ONLY_SOMETIMES
    if not examination.is_in_use:
        parts.append("no stand runs that would make any")
    return Point(
        topic=topic,
        status=Status.OK if has_source else Status.MISSING if examination.is_in_use else Status.UNKNOWN,
        finding="; ".join(parts),
        fix="" if has_source else f"ask again while a stand has load; {_INSTALL} prints the gateway's configuration",
        is_needed=False,
    )


_ONLY_SOMETIMES = {"rate_limit_rps", "consumer_lag", "queue_depth", "retry_rate_rps"}
"""Signals that are rightly absent: while there is no limit, no broker, or no retry."""
