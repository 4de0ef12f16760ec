"""What a cluster test is told about its surroundings: environment variables, and a skip that names the missing one."""

import os
from pathlib import Path

import pytest

from clusters.k3s.inventory import ClusterSpec, ImageSpec, TelemetrySpec

KUBECONFIG = "GYM_KUBECONFIG"
NO_CLUSTER = f"needs a real Kubernetes: set {KUBECONFIG} to a kubeconfig"
_NOWHERE = "http://127.0.0.1:9"
"""The discard port: an address for inventories whose telemetry nobody reads."""


def needed(name: str) -> str:
    """The value of a variable; the test is skipped where there is none."""
    value = os.environ.get(name, "")
    if not value:
        pytest.skip(NO_CLUSTER if name == KUBECONFIG else f"{name} is not set")
    return value


def needed_path(name: str) -> Path:
    """The file or folder that a variable names; the test is skipped where there is none."""
    path = Path(needed(name)).expanduser()
    if not path.exists():
        pytest.skip(f"{name} names {path}, which is not there")
    return path


def real_cluster(telemetry: TelemetrySpec | None = None) -> ClusterSpec:
    """The cluster whose pods really run, without a telemetry plane unless one is given."""
    return ClusterSpec(
        name="real",
        kubeconfig=str(needed_path(KUBECONFIG)),
        context=os.environ.get("GYM_CONTEXT", ""),
        stands=4,
        images=ImageSpec(synthetic=os.environ.get("GYM_SYNTHETIC_IMAGE", "unset")),
        telemetry=telemetry or _no_telemetry(),
    )


def emulated_cluster() -> ClusterSpec:
    """The cluster whose nodes are emulated: pods get ready there, and nothing runs."""
    return ClusterSpec(
        name="emulated",
        kubeconfig=str(needed_path("GYM_EMULATED_KUBECONFIG")),
        context=os.environ.get("GYM_EMULATED_CONTEXT", ""),
        stands=100,
        images=ImageSpec(synthetic=os.environ.get("GYM_SYNTHETIC_IMAGE", "unset")),
        telemetry=_no_telemetry(),
    )


def _no_telemetry() -> TelemetrySpec:
    return TelemetrySpec(prometheus_url=_NOWHERE, otlp_endpoint=_NOWHERE, namespace="")
