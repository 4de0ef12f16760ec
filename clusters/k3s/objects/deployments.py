"""Deployments of a stand: one a service, with the pod of either kind of image."""

from clusters.k3s.inventory import ClusterSpec, ImageKind
from clusters.k3s.kinds import Document
from clusters.k3s.objects.demo_pods import demo_pod
from clusters.k3s.objects.names import CONFIG_ANNOTATION, object_labels, pod_labels, selector
from clusters.k3s.objects.resources import pod_kind
from clusters.k3s.objects.synthetic_pods import synthetic_pod
from clusters.topology import Application, Service

_REVISIONS = 10
"""Old versions that can be rolled back to, as the demo's chart has it."""
_GRACE_SECONDS = 2
"""A stand's requests are nobody's: pods need not drain."""
_DEADLINE_SECONDS = 120
"""A rollout without progress for so long is reported as failed."""


def deployment(
    application: Application, service: Service, *, namespace: str, cluster: ClusterSpec, config: str
) -> Document:
    """The Deployment of a service at the baseline; `config` is the fingerprint of its files.

    Raises:
        StandError: as `demo_pod`.
    """
    build = synthetic_pod if pod_kind(service, cluster.images.kind) is ImageKind.SYNTHETIC else demo_pod
    pod = build(application, service, namespace=namespace, cluster=cluster)
    labels = pod_labels(application, service.name, namespace)
    every_pod = {"automountServiceAccountToken": False, "terminationGracePeriodSeconds": _GRACE_SECONDS}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": service.name, "namespace": namespace, "labels": object_labels(application, labels)},
        "spec": {
            "replicas": service.replicas,
            "revisionHistoryLimit": _REVISIONS,
            "progressDeadlineSeconds": _DEADLINE_SECONDS,
            "selector": {"matchLabels": selector(service.name)},
            "template": {
                "metadata": {"labels": labels, "annotations": {CONFIG_ANNOTATION: config}},
                "spec": {**every_pod, **pod},
            },
        },
    }
