"""Configuration of the plane's Prometheus, as a plain document."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

PROMOTED = (
    "service.name",
    "service.instance.id",
    "service.namespace",
    "k8s.namespace.name",
    "k8s.deployment.name",
    "k8s.pod.name",
    "k8s.container.name",
    "k8s.node.name",
    "deployment.environment.name",
)
"""Resource attributes that become labels of what is pushed by OTLP."""
CONTAINER_METRICS = (
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_network_receive_bytes_total",
    "container_network_transmit_bytes_total",
)
"""What is kept of a kubelet's hundreds."""


@dataclass(frozen=True, kw_only=True)
class PrometheusPlan:
    """What a Prometheus does."""

    sample_seconds: float = 5.0
    scrape_targets: tuple[str, ...] = ()
    """`host:port` of gateways that offer their metrics."""
    kubelets: tuple[dict[str, Any], ...] = ()
    """Scrape jobs for the nodes' container metrics, from `kubelet_job` or `kubelet_jobs_in_cluster`."""
    rule_files: tuple[str, ...] = ()
    alertmanagers: tuple[str, ...] = ()
    out_of_order_window: str = field(default="30m")
    """Samples may come in late by so much."""


def prometheus_config(plan: PrometheusPlan) -> dict[str, Any]:
    """The whole configuration."""
    interval = f"{plan.sample_seconds:g}s"
    jobs: list[dict[str, Any]] = list(plan.kubelets)
    if plan.scrape_targets:
        # The gateway's own labels say who measured: job and instance are not its address.
        gateways = {"job_name": "gateway", "honor_labels": True, "static_configs": _targets(plan.scrape_targets)}
        jobs = [gateways, *jobs]
    config: dict[str, Any] = {
        "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
        "storage": {"tsdb": {"out_of_order_time_window": plan.out_of_order_window}},
        "otlp": {"promote_resource_attributes": list(PROMOTED), "keep_identifying_resource_attributes": True},
        "scrape_configs": jobs,
    }
    if plan.rule_files:
        config["rule_files"] = list(plan.rule_files)
    if plan.alertmanagers:
        config["alerting"] = {"alertmanagers": [{"static_configs": _targets(plan.alertmanagers)}]}
    return config


def kubelet_job(node: str, api_address: str, *, certificate_folder: str) -> dict[str, Any]:
    """Container metrics of one node through the API server, for a Prometheus outside the cluster.

    Args:
        node: its name.
        api_address: `host:port` of the API server.
        certificate_folder: with `ca.crt`, `client.crt` and `client.key`.
    """
    return {
        "job_name": f"kubelet-{node}",
        "scheme": "https",
        "tls_config": {
            "ca_file": f"{certificate_folder}/ca.crt",
            "cert_file": f"{certificate_folder}/client.crt",
            "key_file": f"{certificate_folder}/client.key",
        },
        "metrics_path": f"/api/v1/nodes/{node}/proxy/metrics/cadvisor",
        "static_configs": _targets((api_address,)),
        **_CONTAINERS,
    }


def kubelet_jobs_in_cluster() -> dict[str, Any]:
    """Container metrics of all nodes, for a Prometheus that runs as a pod with a service account."""
    account = "/var/run/secrets/kubernetes.io/serviceaccount"
    return {
        "job_name": "kubelets",
        "scheme": "https",
        "authorization": {"credentials_file": f"{account}/token"},
        "tls_config": {"ca_file": f"{account}/ca.crt", "insecure_skip_verify": True},
        "metrics_path": "/metrics/cadvisor",
        "kubernetes_sd_configs": [{"role": "node"}],
        **_CONTAINERS,
    }


_CONTAINERS: dict[str, Any] = {
    # A kubelet's samples carry their own times; without this a container that is gone would linger for five minutes.
    "track_timestamps_staleness": True,
    "metric_relabel_configs": [
        {"source_labels": ["__name__"], "regex": "|".join(CONTAINER_METRICS), "action": "keep"},
        {"source_labels": ["namespace"], "regex": ".+", "action": "keep"},
        {"regex": "id|name|image", "action": "labeldrop"},
    ],
}


def _targets(addresses: Sequence[str]) -> list[dict[str, Any]]:
    return [{"targets": list(addresses)}]
