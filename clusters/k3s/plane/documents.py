"""The Kubernetes objects of a cluster's telemetry plane.

gateway (Deployment, 1 replica: a service graph needs both ends of a call in one place) -> Prometheus (Deployment)
agent (DaemonSet, only for kubeletstats) -> gateway
"""

from typing import Any

import yaml

from clusters.k3s.inventory import ClusterSpec, ContainerSource, ImageKind, ObjectSource
from clusters.k3s.kinds import Document
from clusters.k3s.plane.burn_rates import burn_rate_rules
from clusters.k3s.plane.collector import CollectorPlan, PrometheusExport, agent_config, collector_config
from clusters.k3s.plane.prometheus import PrometheusPlan, kubelet_jobs_in_cluster, prometheus_config
from clusters.stand import StandError

COLLECTOR_IMAGE = "otel/opentelemetry-collector-contrib:0.155.0"
"""Its components have the names that the configuration uses."""
PROMETHEUS_IMAGE = "prom/prometheus:v3.5.0"
"""A long-term release with an OTLP receiver."""
PROMETHEUS_NODE_PORT = 30090
PART_OF = {"app.kubernetes.io/part-of": "otel-control-gym-telemetry"}
_READ = ["get", "list", "watch"]


def plane_documents(cluster: ClusterSpec, namespace_prefix: str) -> tuple[Document, ...]:
    """Everything that a cluster's plane needs, in the order in which it is applied.

    Raises:
        StandError: the inventory says that the plane is outside the cluster.
    """
    telemetry = cluster.telemetry
    namespace = telemetry.namespace
    if not namespace:
        raise StandError(
            f"cluster {cluster.name}: telemetry.namespace is empty, so its telemetry plane is outside the cluster; "
            "name a namespace to install one"
        )
    kubelets = (kubelet_jobs_in_cluster(),) if telemetry.containers is ContainerSource.CADVISOR else ()
    prometheus = PrometheusPlan(
        sample_seconds=telemetry.sample_seconds, kubelets=kubelets, rule_files=("/etc/prometheus/rules.yml",)
    )
    files = {
        "prometheus.yml": prometheus_config(prometheus),
        "rules.yml": burn_rate_rules(namespace_prefix, sample_seconds=telemetry.sample_seconds),
    }
    documents = [
        _document("v1", "Namespace", namespace, ""),
        *_account("gateway", namespace, _GATEWAY_RULES),
        *_account("prometheus", namespace, _PROMETHEUS_RULES),
        _config("gateway", namespace, {"config.yaml": collector_config(gateway_plan(cluster))}),
        _config("prometheus", namespace, files),
        _gateway(namespace),
        _service("gateway", namespace, {"grpc": 4317, "http": 4318}),
        _prometheus(namespace),
        _service("prometheus", namespace, {"http": 9090}, node_ports={"http": PROMETHEUS_NODE_PORT}),
    ]
    if telemetry.containers is ContainerSource.KUBELETSTATS:
        agent = agent_config(f"gateway.{namespace}:4317", sample_seconds=telemetry.sample_seconds)
        documents += [_config("agent", namespace, {"config.yaml": agent}), _agent(namespace)]
    return tuple(documents)


def gateway_plan(cluster: ClusterSpec) -> CollectorPlan:
    """What the gateway of a cluster does."""
    telemetry = cluster.telemetry
    return CollectorPlan(
        export=PrometheusExport(otlp_url=f"http://prometheus.{telemetry.namespace}:9090/api/v1/otlp"),
        edges=telemetry.edges,
        sample_seconds=telemetry.sample_seconds,
        spans_endpoint=telemetry.spans_endpoint,
        has_cluster_metrics=telemetry.objects is ObjectSource.K8S_CLUSTER,
        # Synthetic pods say themselves who they are.
        has_pod_attributes=cluster.images.kind is ImageKind.DEMO
        or telemetry.containers is ContainerSource.KUBELETSTATS,
    )


def _gateway(namespace: str) -> Document:
    container = {
        "name": "gateway",
        "image": COLLECTOR_IMAGE,
        "args": ["--config=/etc/gateway/config.yaml"],
        "ports": [{"name": "grpc", "containerPort": 4317}, {"name": "http", "containerPort": 4318}],
        "readinessProbe": {"tcpSocket": {"port": "http"}},
        "resources": {"requests": {"cpu": "100m", "memory": "200Mi"}, "limits": {"memory": "1Gi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/gateway"}],
    }
    return _workload("Deployment", "gateway", namespace, container, replicas=1)


def _prometheus(namespace: str) -> Document:
    container = {
        "name": "prometheus",
        "image": PROMETHEUS_IMAGE,
        "args": [
            "--config.file=/etc/prometheus/prometheus.yml",
            "--storage.tsdb.path=/prometheus",
            "--storage.tsdb.retention.time=2d",
            "--web.enable-otlp-receiver",
        ],
        "ports": [{"name": "http", "containerPort": 9090}],
        "readinessProbe": {"httpGet": {"path": "/-/ready", "port": "http"}},
        "resources": {"requests": {"cpu": "200m", "memory": "400Mi"}, "limits": {"memory": "2Gi"}},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/prometheus"},
            {"name": "data", "mountPath": "/prometheus"},
        ],
    }
    document = _workload("Deployment", "prometheus", namespace, container, replicas=1)
    pod = document["spec"]["template"]["spec"]
    pod["volumes"].append({"name": "data", "emptyDir": {}})
    # Two servers on one set of files would destroy them.
    document["spec"]["strategy"] = {"type": "Recreate"}
    return document


def _agent(namespace: str) -> Document:
    container = {
        "name": "agent",
        "image": COLLECTOR_IMAGE,
        "args": ["--config=/etc/agent/config.yaml"],
        "env": [{"name": "K8S_NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
        "resources": {"requests": {"cpu": "20m", "memory": "80Mi"}, "limits": {"memory": "300Mi"}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/agent"}],
    }
    document = _workload("DaemonSet", "agent", namespace, container)
    document["spec"]["template"]["spec"]["serviceAccountName"] = "gateway"
    return document


def _workload(kind: str, name: str, namespace: str, container: Document, **spec: Any) -> Document:
    labels = {"app.kubernetes.io/name": name}
    pod = {
        "serviceAccountName": name,
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": name}}],
    }
    template = {"metadata": {"labels": labels | PART_OF}, "spec": pod}
    return _document("apps/v1", kind, name, namespace) | {
        "spec": {"selector": {"matchLabels": labels}, "template": template} | spec
    }


def _service(name: str, namespace: str, ports: dict[str, int], node_ports: dict[str, int] | None = None) -> Document:
    entries: list[Document] = [{"name": port, "port": number, "targetPort": port} for port, number in ports.items()]
    spec: Document = {"selector": {"app.kubernetes.io/name": name}, "ports": entries}
    if node_ports:
        spec["type"] = "NodePort"
        for entry in entries:
            entry["nodePort"] = node_ports[entry["name"]]
    return _document("v1", "Service", name, namespace) | {"spec": spec}


def _config(name: str, namespace: str, files: dict[str, Any]) -> Document:
    data = {file: yaml.safe_dump(content, sort_keys=False) for file, content in files.items()}
    return _document("v1", "ConfigMap", name, namespace) | {"data": data}


def _account(name: str, namespace: str, rules: list[Document]) -> list[Document]:
    """A service account that may read these things in the whole cluster."""
    role = f"otel-control-gym-{namespace}-{name}"
    group = "rbac.authorization.k8s.io"
    return [
        _document("v1", "ServiceAccount", name, namespace),
        _document(f"{group}/v1", "ClusterRole", role, "") | {"rules": rules},
        _document(f"{group}/v1", "ClusterRoleBinding", role, "")
        | {
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        },
    ]


def _document(api_version: str, kind: str, name: str, namespace: str) -> Document:
    metadata: Document = {"name": name, "labels": dict(PART_OF)}
    if namespace:
        metadata["namespace"] = namespace
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


# What the receivers k8s_cluster and kubeletstats and the processor k8s_attributes ask for in their documentation.
_GATEWAY_RULES: list[Document] = [
    {
        "apiGroups": [""],
        "resources": [
            "events",
            "namespaces",
            "namespaces/status",
            "nodes",
            "nodes/spec",
            "nodes/stats",
            "nodes/proxy",
            "pods",
            "pods/status",
            "replicationcontrollers",
            "replicationcontrollers/status",
            "resourcequotas",
            "services",
        ],
        "verbs": _READ,
    },
    {"apiGroups": ["apps"], "resources": ["daemonsets", "deployments", "replicasets", "statefulsets"], "verbs": _READ},
    {"apiGroups": ["batch"], "resources": ["jobs", "cronjobs"], "verbs": _READ},
    {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": _READ},
]
_PROMETHEUS_RULES: list[Document] = [
    {"apiGroups": [""], "resources": ["nodes", "nodes/metrics"], "verbs": _READ},
]
