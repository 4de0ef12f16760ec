"""What keeps a stand from being ready is said, deployment by deployment, with the reason."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from clusters.k3s.inventory import ImageKind
from clusters.stand import StandError
from tests.cluster.environment import needed
from tests.cluster.small_shop import SMALL_SHOP

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi

pytestmark = pytest.mark.cluster
Document = dict[str, Any]
PATIENCE_SECONDS = 90.0


def deployment(name: str, namespace: str, *, image: str, code: str, cpu: str = "100m", **pod: Any) -> Document:
    """A Deployment of one pod that runs `code`."""
    from clusters.k3s.api import STAND_LABEL
    from clusters.k3s.objects.names import selector

    labels = {**selector(name), STAND_LABEL: namespace}
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "Never",
        "command": ["python3", "-c", code],
        "resources": {"limits": {"cpu": cpu, "memory": "32Mi"}, "requests": {"cpu": "5m", "memory": "8Mi"}},
        "readinessProbe": {"exec": {"command": ["test", "-e", "/tmp/ready"]}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": selector(name)},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **pod},
            },
        },
    }


def test_every_reason_is_told_apart(api: "KubeApi", namespace: str) -> None:
    from clusters.k3s.applying import apply_objects
    from clusters.k3s.pod_health import Cause
    from clusters.k3s.pod_renewal import replace_worn_pods
    from clusters.k3s.readiness import find_unready, wait_ready

    image = needed("GYM_SYNTHETIC_IMAGE")
    sleep = "import time; time.sleep(1000)"
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}}
    api.create(quota | {"spec": {"hard": {"limits.cpu": "2", "limits.memory": "1Gi"}}}, namespace)
    bad = {
        "absent": deployment("absent", namespace, image="registry.invalid/nothing:1", code=sleep),
        "crashing": deployment("crashing", namespace, image=image, code="raise SystemExit(3)"),
        "homeless": deployment("homeless", namespace, image=image, code=sleep, nodeSelector={"planet": "mars"}),
        "greedy": deployment("greedy", namespace, image=image, code=sleep, cpu="5"),
        "slow": deployment("slow", namespace, image=image, code=sleep),
    }
    fine = deployment("fine", namespace, image=image, code=f"open('/tmp/ready', 'w'); {sleep}")
    apply_objects(api, namespace, [*bad.values(), fine])

    wanted = {
        "absent": Cause.IMAGE_MISSING,
        "crashing": Cause.CRASH_LOOP,
        "homeless": Cause.UNSCHEDULABLE,
        "greedy": Cause.QUOTA,
        "slow": Cause.STARTING,
    }
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = {reason.deployment: reason for reason in find_unready(api, namespace, [*bad, "fine"])}
        if {name: reason.cause for name, reason in found.items()} == wanted:
            break
        time.sleep(1.0)
    assert {name: reason.cause for name, reason in found.items()} == wanted
    assert "registry.invalid/nothing:1" in found["absent"].detail and found["absent"].is_hopeless
    assert "exit code 3" in found["crashing"].detail
    assert "exceeded quota" in found["greedy"].detail

    # Only a pod that crashed is worn: the others never ran, or may still be starting.
    worn = replace_worn_pods(api, SMALL_SHOP, namespace, ImageKind.SYNTHETIC, rolling=("homeless", "absent", "slow"))
    assert worn == {"crashing"}

    with pytest.raises(
        StandError, match=r"absent: image missing \(registry.invalid/nothing:1.*greedy: refused by a quota"
    ):
        wait_ready(api, namespace, list(bad), timeout_seconds=PATIENCE_SECONDS)
    with pytest.raises(StandError, match=rf"stand {namespace} .* not ready after .* slow: still starting .*0 of 1"):
        wait_ready(api, namespace, ["slow", "fine"], timeout_seconds=1.0)
    with pytest.raises(StandError, match="has no deployment ghost; reset it"):
        wait_ready(api, namespace, ["ghost"], timeout_seconds=1.0)
    wait_ready(api, namespace, ["fine"], timeout_seconds=PATIENCE_SECONDS)

    apply_objects(api, namespace, [fine])
    wait_ready(api, namespace, ["fine"], timeout_seconds=PATIENCE_SECONDS, is_whole=True)
    assert not find_unready(api, namespace, ["fine"], is_whole=True)
