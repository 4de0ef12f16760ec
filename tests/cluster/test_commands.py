"""What becomes of operators' commands on real pods, by the stand's own account."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from clusters.commands import (
    CheckStatus,
    CommandStatus,
    Restart,
    RestartPod,
    Scale,
    ScaleWorkload,
    SetAutoscaler,
    SetFlag,
    SetGroup,
    SetRateLimit,
    SetResources,
    ShapeWorkload,
    ShiftTraffic,
)

if TYPE_CHECKING:
    from clusters.k3s.api import KubeApi
    from clusters.k3s.context import StandContext

pytestmark = pytest.mark.cluster

_HELD_REPLICAS: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "stock"}}


def pods(context: "StandContext", service: str) -> dict[str, dict[str, Any]]:
    """A service's pods that are not on their way out, by name."""
    from clusters.k3s.rules.view import StandView

    return {pod["metadata"]["name"]: pod for pod in StandView(context).pods(service)}


def container(pod: dict[str, Any]) -> dict[str, Any]:
    return pod["spec"]["containers"][0]  # type: ignore[no-any-return]


def test_replicas_have_one_owner(tiny: "StandContext", api: "KubeApi") -> None:
    from clusters.k3s.commands import apply_command
    from tests.cluster.tiny_stand import done

    done(tiny, Scale(service="stock", replicas=2))
    assert len(pods(tiny, "stock")) == 2
    assert apply_command(tiny, Scale(service="stock", replicas=2)).status is CommandStatus.ALREADY_THERE
    beyond = apply_command(tiny, Scale(service="shop", replicas=4))
    assert (beyond.status, beyond.precheck_status) == (CommandStatus.QUOTA_EXCEEDED, CheckStatus.FAILED)
    assert "sum to 3200 of 3000 millicores of quota" in beyond.message

    scaler = SetAutoscaler(service="stock", target_utilisation=0.7, min_replicas=1, max_replicas=3)
    done(tiny, scaler)
    assert apply_command(tiny, scaler).status is CommandStatus.ALREADY_THERE
    owned = apply_command(tiny, Scale(service="stock", replicas=1))
    assert owned.status is CommandStatus.CONFLICT
    assert "autoscaler" in owned.message
    done(tiny, SetAutoscaler(service="stock", target_utilisation=None, min_replicas=1, max_replicas=1))

    api.apply(_HELD_REPLICAS | {"spec": {"replicas": 3}}, tiny.namespace, force=True, manager="somebody-else")
    foreign = apply_command(tiny, Scale(service="stock", replicas=1))
    assert foreign.status is CommandStatus.CONFLICT
    assert "'somebody-else'" in foreign.message
    api.apply(_HELD_REPLICAS, tiny.namespace, manager="somebody-else")  # without the field: it gives it up
    done(tiny, Scale(service="stock", replicas=2))
    done(tiny, Scale(service="stock", replicas=1))


def test_a_restart_replaces_every_pod_and_a_deleted_pod_is_made_again(tiny: "StandContext") -> None:
    from tests.cluster.tiny_stand import done

    before = pods(tiny, "hint").keys()
    done(tiny, Restart(service="hint"))
    between = pods(tiny, "hint").keys()
    assert not before & between
    done(tiny, RestartPod(service="hint"))
    assert not between & pods(tiny, "hint").keys()


def test_resources_reach_the_pods_in_the_applications_terms(tiny: "StandContext") -> None:
    from clusters.k3s.commands import apply_command
    from clusters.synthetic.plan import RUNTIME_MEMORY_BYTES
    from tests.cluster.tiny_stand import done

    num_mib = round(RUNTIME_MEMORY_BYTES / 2**20)
    command = SetResources(service="stock", cpu_limit_millicores=550.0, memory_limit_bytes=96 * 2.0**20)
    done(tiny, command)
    (pod,) = pods(tiny, "stock").values()
    assert container(pod)["resources"]["limits"] == {"cpu": "550m", "memory": f"{96 + num_mib}Mi"}
    assert apply_command(tiny, command).status is CommandStatus.ALREADY_THERE
    request = apply_command(tiny, SetResources(service="stock", cpu_request_millicores=551.0))
    assert request.status is CommandStatus.REJECTED
    assert "set both" in request.message
    done(tiny, SetResources(service="stock", cpu_limit_millicores=400.0, memory_limit_bytes=64 * 2.0**20))


def test_flags_are_served_or_rolled_out_and_rolled_back_by_revision(tiny: "StandContext") -> None:
    from clusters.k3s.commands import apply_command
    from tests.cluster.tiny_stand import done, felt

    done(tiny, SetFlag(flag="stockFailure", variant="on"))
    assert apply_command(tiny, SetFlag(flag="stockFailure", variant="on")).status is CommandStatus.ALREADY_THERE
    time.sleep(4.0)  # services ask the server every few seconds
    broken = felt(tiny)
    assert broken.num_failures == broken.num_requests > 0
    done(tiny, SetFlag(flag="stockFailure", variant="off"))

    replica_sets = {name.rsplit("-", 1)[0] for name in pods(tiny, "shop")}
    done(tiny, SetFlag(flag="shopLayout", variant="v2"))
    (pod,) = pods(tiny, "shop").values()
    assert {"name": "GYM_FLAG_shopLayout", "value": "v2"} in container(pod)["env"]
    back = done(tiny, SetFlag(flag="shopLayout", variant="v1"))
    assert "revision" in back.message
    assert {name.rsplit("-", 1)[0] for name in pods(tiny, "shop")} == replica_sets


def test_a_group_goes_and_comes_back_and_its_callers_know(tiny: "StandContext") -> None:
    from clusters.k3s.commands import apply_command
    from tests.cluster.tiny_stand import done

    done(tiny, SetGroup(group="hints", enabled=False))
    assert not pods(tiny, "hint")
    (shop,) = pods(tiny, "shop").values()
    assert {"name": "GYM_GROUPS_OFF", "value": "hints"} in container(shop)["env"]
    refused = apply_command(tiny, Scale(service="hint", replicas=1))
    assert refused.status is CommandStatus.CONFLICT
    assert "'hints'" in refused.message
    done(tiny, SetGroup(group="hints", enabled=True))
    assert len(pods(tiny, "hint")) == 1


def test_a_canary_shares_the_service_and_a_missing_image_changes_nothing(tiny: "StandContext") -> None:
    from clusters.k3s.commands import apply_command
    from clusters.k3s.kinds import DEPLOYMENT, SERVICE
    from tests.cluster.tiny_stand import done

    canary = done(tiny, ShiftTraffic(service="hint", release="hint-2", share=0.3))
    assert "1 of 2 pods are the canary: a share of 0.50 for 0.3" in canary.message
    selector = tiny.api.get(SERVICE, "hint", tiny.namespace)["spec"]["selector"].items()
    assert all(selector <= pod["metadata"]["labels"].items() for pod in pods(tiny, "hint").values())
    again = apply_command(tiny, ShiftTraffic(service="hint", release="hint-2", share=0.3))
    assert again.status is CommandStatus.ALREADY_THERE
    other = apply_command(tiny, ShiftTraffic(service="hint", release="hint-3", share=0.3))
    assert other.status is CommandStatus.CONFLICT

    done(tiny, ShiftTraffic(service="hint", release="hint-2", share=1.0))
    (version,) = pods(tiny, "hint").values()
    assert {"name": "GYM_RELEASE", "value": "hint-2"} in container(version)["env"]
    for share in (0.5, 1.0):
        missing = apply_command(tiny, ShiftTraffic(service="hint", release="hint-3", share=share))
        assert (missing.precheck_status, missing.status) == (CheckStatus.PASSED, CommandStatus.IMAGE_MISSING)
        assert missing.postcheck_status is CheckStatus.FAILED
        assert tiny.cluster.images.synthetic.rpartition(":")[0] + ":hint-3" in missing.message
        assert version["metadata"]["name"] in pods(tiny, "hint")
    assert tiny.api.find(DEPLOYMENT, "hint-canary", tiny.namespace) is None
    done(tiny, ShiftTraffic(service="hint", release="hint-2", share=0.0))
    (pod,) = pods(tiny, "hint").values()
    assert {"name": "GYM_RELEASE"} in container(pod)["env"]


def test_pods_that_the_namespaces_quota_refuses_are_taken_back(tiny: "StandContext", api: "KubeApi") -> None:
    from clusters.k3s.commands import apply_command
    from clusters.k3s.kinds import RESOURCE_QUOTA
    from tests.cluster.tiny_stand import done, settle

    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "pods"}}
    count = sum(len(pods(tiny, name)) for name in tiny.application.service_names)
    api.create(quota | {"spec": {"hard": {"pods": str(count)}}}, tiny.namespace)
    try:
        receipt = settle(tiny, apply_command(tiny, Scale(service="hint", replicas=2)))
        assert (receipt.status, receipt.postcheck_status) == (CommandStatus.QUOTA_EXCEEDED, CheckStatus.FAILED)
        assert "exceeded quota: pods" in receipt.message
        assert "back at 1 replicas" in receipt.message
        rolled = settle(tiny, apply_command(tiny, Restart(service="hint")))
        assert rolled.status is CommandStatus.QUOTA_EXCEEDED
    finally:
        api.delete(RESOURCE_QUOTA, "pods", tiny.namespace)
    done(tiny, Restart(service="hint"))


def test_a_rollout_that_makes_no_progress_is_taken_back(tiny: "StandContext", api: "KubeApi") -> None:
    from clusters.k3s.commands import apply_command
    from clusters.k3s.kinds import DEPLOYMENT, LIMIT_RANGE
    from tests.cluster.tiny_stand import done, settle

    before = pods(tiny, "hint").keys()
    deadline = api.get(DEPLOYMENT, "hint", tiny.namespace)["spec"]["progressDeadlineSeconds"]
    bound = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tight"}}
    api.patch(DEPLOYMENT, "hint", tiny.namespace, {"spec": {"progressDeadlineSeconds": 3}})
    api.create(bound | {"spec": {"limits": [{"type": "Container", "max": {"memory": "1Mi"}}]}}, tiny.namespace)
    try:
        receipt = settle(tiny, apply_command(tiny, Restart(service="hint")))
    finally:
        api.delete(LIMIT_RANGE, "tight", tiny.namespace)
        api.patch(DEPLOYMENT, "hint", tiny.namespace, {"spec": {"progressDeadlineSeconds": deadline}})
    assert (receipt.status, receipt.postcheck_status) == (CommandStatus.TIMED_OUT, CheckStatus.FAILED)
    assert "maximum memory usage per Container is 1Mi" in receipt.message
    assert "back at the template of revision" in receipt.message
    assert pods(tiny, "hint").keys() == before
    done(tiny, Restart(service="hint"))


def test_the_load_is_turned_at_the_load_generator(tiny: "StandContext") -> None:
    from clusters.k3s.commands import apply_command
    from tests.cluster.tiny_stand import done, offer

    offer(tiny)
    for command in (
        SetRateLimit(limit_rps=4.0),
        ShapeWorkload(request_type="buy", factor=0.5),
        ScaleWorkload(multiplier=2.0),
    ):
        done(tiny, command)
        assert apply_command(tiny, command).status is CommandStatus.ALREADY_THERE
    state = tiny.load.state()
    assert (state.rate_limit_rps, state.shape, state.multiplier) == (4.0, {"buy": 0.5}, 2.0)
    done(tiny, SetRateLimit(limit_rps=None))
    tiny.load.stop()
    lost = apply_command(tiny, ScaleWorkload(multiplier=3.0))
    assert lost.status is CommandStatus.FAILED


def test_what_the_account_may_not_do_is_forbidden(tiny: "StandContext") -> None:
    from dataclasses import replace

    from clusters.k3s.commands import apply_command

    neighbour = replace(tiny, namespace="default")
    receipt = apply_command(neighbour, Scale(service="stock", replicas=2))
    assert (receipt.status, receipt.precheck_status) == (CommandStatus.FORBIDDEN, CheckStatus.FAILED)
    assert "forbidden" in receipt.message
