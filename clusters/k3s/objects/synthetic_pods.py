"""Pods of the synthetic image, which plays each service by the plan that it finds in a mounted file."""

import json
from collections.abc import Mapping

from clusters.k3s.inventory import ClusterSpec, ImageKind
from clusters.k3s.kinds import Document
from clusters.k3s.objects.environment import identity_variables, variable
from clusters.k3s.objects.names import (
    GROUPS_OFF_VARIABLE,
    PLAN_CONFIG_MAP,
    PLAN_FOLDER,
    RELEASE_VARIABLE,
    SERVICE_VARIABLE,
    flag_variable,
)
from clusters.k3s.objects.ports import container_ports, sidecar_ports
from clusters.k3s.objects.resources import pod_kind, resources
from clusters.kubernetes_part import FlagDelivery
from clusters.stand import StandError
from clusters.synthetic.plan import HEALTH_PORT, plan_document, service_plan
from clusters.topology import Application, Service, ServiceKind

_EXPORT_MILLISECONDS = 5000
"""Half of a telemetry bucket, so that each has a sample of its own."""
_LOAD_EXPORT_MILLISECONDS = 1000
"""Of the load generator: users' requests are counted against the bucket's bounds, and one pod may be dear."""


def plan_file(service: Service) -> str:
    """Name of a service's plan in the ConfigMap."""
    return f"{service.name}.json"


def plan_files(application: Application, kind: ImageKind) -> dict[str, str]:
    """File name -> plan of every service that our image plays on a stand of this kind.

    Raises:
        StandError: the load generator would not know what to send.
    """
    speaks_demo = kind is ImageKind.DEMO
    ours = [service for service in application.services if pod_kind(service, kind) is ImageKind.SYNTHETIC]
    try:
        plans = {plan_file(it): service_plan(application, it.name, speaks_demo=speaks_demo) for it in ours}
    except ValueError as error:
        raise StandError(f"application {application.name} cannot be run by {kind} images: {error}") from error
    return {name: json.dumps(plan_document(plan), sort_keys=True) for name, plan in plans.items()}


def synthetic_pod(application: Application, service: Service, *, namespace: str, cluster: ClusterSpec) -> Document:
    """The pod's `spec` without what every pod has."""
    ports = (*container_ports(service), *sidecar_ports(service))
    container = {
        "name": service.name,
        "image": cluster.images.synthetic,
        "imagePullPolicy": cluster.images.pull_policy,
        "ports": [{"name": port.name, "containerPort": port.port, "protocol": "TCP"} for port in ports]
        + [{"name": "health", "containerPort": HEALTH_PORT, "protocol": "TCP"}],
        "env": _environment(application, service, namespace, cluster),
        "resources": resources(service, ImageKind.SYNTHETIC),
        "readinessProbe": {
            "httpGet": {"path": "/healthz", "port": HEALTH_PORT},
            "periodSeconds": 1,
            # An overloaded pod answers late, and is alive.
            "timeoutSeconds": 3,
            "failureThreshold": 3,
        },
        "volumeMounts": [{"name": "plan", "mountPath": PLAN_FOLDER, "readOnly": True}],
    }
    volume = {"name": "plan", "configMap": {"name": PLAN_CONFIG_MAP}}
    return {"enableServiceLinks": False, "containers": [container], "volumes": [volume]}


def _environment(application: Application, service: Service, namespace: str, cluster: ClusterSpec) -> list[Document]:
    baseline: Mapping[str, str] = {
        SERVICE_VARIABLE: service.name,
        RELEASE_VARIABLE: "",
        GROUPS_OFF_VARIABLE: "",
        **{
            flag_variable(flag.name): flag.good_variant
            for flag in application.flags
            if flag.service == service.name and flag.delivery is FlagDelivery.ENVIRONMENT
        },
    }
    is_load = service.kind is ServiceKind.LOAD_GENERATOR
    export_milliseconds = _LOAD_EXPORT_MILLISECONDS if is_load else _EXPORT_MILLISECONDS
    return [
        *identity_variables(service.name, namespace, version=application.version),
        variable("OTEL_EXPORTER_OTLP_ENDPOINT", cluster.telemetry.otlp_endpoint),
        variable("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "cumulative"),
        variable("OTEL_METRIC_EXPORT_INTERVAL", str(export_milliseconds)),
        *(variable(name, value) for name, value in baseline.items()),
    ]
