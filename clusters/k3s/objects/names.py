"""Names that stand objects share with those who change and read them: labels, annotations, files, variables."""

from collections.abc import Mapping

from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL
from clusters.synthetic import conditions, roles
from clusters.topology import Application

COMPONENT_LABEL = "opentelemetry.io/name"
"""Service that a pod belongs to; the selector of the demo's Deployments and Services."""
CONFIG_ANNOTATION = "otel-control-gym.io/config"
"""On pod templates: a hash of the configuration that their files hold, so that a change of it is a rollout."""
RESTART_ANNOTATION = "otel-control-gym.io/restarted-at"
"""On pod templates: when a restart was last asked for; what differs makes a rollout."""

PLAN_CONFIG_MAP = "synthetic"
PLAN_FOLDER = "/etc/gym"
FLAG_CONFIG_MAP = "flagd-config"
FLAG_FILE = "demo.flagd.json"

SERVICE_VARIABLE = roles.SERVICE_VARIABLE
RELEASE_VARIABLE = conditions.RELEASE_VARIABLE
GROUPS_OFF_VARIABLE = conditions.GROUPS_VARIABLE


def flag_variable(flag: str) -> str:
    """Environment variable that a flag delivered by environment is."""
    return f"{conditions.FLAG_VARIABLE}{flag}"


def selector(service: str) -> dict[str, str]:
    """Labels that pick a service's pods."""
    return {COMPONENT_LABEL: service}


def pod_labels(application: Application, service: str, namespace: str) -> dict[str, str]:
    """Labels of a service's pods: the demo's, and whose stand they are of."""
    version = {"app.kubernetes.io/version": application.version} if application.version else {}
    return {
        **selector(service),
        **version,
        "app.kubernetes.io/component": service,
        "app.kubernetes.io/name": service,
        STAND_LABEL: namespace,
    }


def object_labels(application: Application, labels: Mapping[str, str]) -> dict[str, str]:
    """Labels of an object of ours, whose own `labels` are given."""
    return {
        **labels,
        "app.kubernetes.io/part-of": application.name,
        "app.kubernetes.io/managed-by": "otel-control-gym",
        MANAGED_LABEL: "true",
    }
