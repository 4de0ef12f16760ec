"""Every application is taken by a real API server, with either kind of images, and fits into its stand's quota."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clusters.applications import APPLICATIONS, load_application
from clusters.k3s.inventory import ClusterSpec, ImageKind, TelemetrySpec

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi

pytestmark = pytest.mark.cluster
TELEMETRY = TelemetrySpec(prometheus_url="http://127.0.0.1:9", otlp_endpoint="http://127.0.0.1:4318", namespace="")
"""On the port that the demo's images send to."""


def test_applications_are_admitted_and_get_ready(emulated_spec: ClusterSpec, emulated_api: "KubeApi") -> None:
    """Pods get ready there without running: what the quota, the limit range and the API server refuse, they do not."""
    from clusters.k3s.baseline import restore_baseline
    from clusters.k3s.kinds import RESOURCE_QUOTA
    from clusters.k3s.placement import place
    from tests.cluster.placing import scratch_inventories

    with scratch_inventories() as make:
        for kind in ImageKind:
            cluster = replace(emulated_spec, images=replace(emulated_spec.images, kind=kind), telemetry=TELEMETRY)
            inventory = make(cluster, stands=len(APPLICATIONS))
            for application in map(load_application, APPLICATIONS):
                num_pods = sum(service.replicas for service in application.services)
                placed = place(inventory, application, holder="test")
                report = restore_baseline(
                    placed.api, application, namespace=placed.namespace, cluster=cluster, ready_timeout_seconds=120.0
                )
                assert report.is_new and f"{num_pods} pods" in report.evidence
                quota = emulated_api.get(RESOURCE_QUOTA, "stand", placed.namespace)
                assert quota["status"]["used"]["pods"] == str(num_pods)
                placed.release()
