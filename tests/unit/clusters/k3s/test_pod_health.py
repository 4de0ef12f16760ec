"""Deployments are ready when their pods are, of the revision that is wanted, and no others; else the cause is told."""

from typing import Any

import pytest

from clusters.k3s.pod_health import Cause, is_ready, restarts, why_unready

Document = dict[str, Any]


def deployment(replicas: int = 1, *, generation: int = 2, observed: int = 2, **status: Any) -> Document:
    counts = {"replicas": replicas, "updatedReplicas": replicas, "availableReplicas": replicas}
    return {
        "metadata": {"name": "cart", "generation": generation},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"image": "cart:1"}]}}},
        "status": {"observedGeneration": observed, **counts, **status},
    }


def pod(*, ready: bool = True, image: str = "cart:1", leaving: bool = False, **status: Any) -> Document:
    conditions = [{"type": "Ready", "status": str(ready)}, *status.pop("conditions", ())]
    return {
        "metadata": {"name": "cart-1"} | ({"deletionTimestamp": "2026-01-01T00:00:00Z"} if leaving else {}),
        "spec": {"containers": [{"image": image}]},
        "status": {"conditions": conditions, **status},
    }


def waiting(why: str, *, num_restarts: int = 0, **last: Any) -> Document:
    return {
        "name": "cart",
        "image": "cart:1",
        "restartCount": num_restarts,
        "state": {"waiting": {"reason": why}},
        "lastState": {"terminated": last} if last else {},
    }


def test_a_rollout_that_is_over_with_all_pods_ready_is_ready() -> None:
    assert why_unready(deployment(2), [pod(), pod(), pod(leaving=True)]) is None
    assert why_unready(deployment(0), []) is None


@pytest.mark.parametrize(
    ("found", "pods", "cause"),
    [
        (deployment(2), [pod(), pod(ready=False)], Cause.STARTING),
        (deployment(2), [pod()], Cause.STARTING),
        (deployment(1), [pod(), pod()], Cause.STARTING),
        (deployment(1), [pod(leaving=True)], Cause.STARTING),
        (deployment(1, observed=1), [pod()], Cause.STALE),
        (deployment(1, updatedReplicas=0), [pod()], Cause.STALE),
        (deployment(1, availableReplicas=0), [pod()], Cause.STALE),
    ],
)
def test_anything_less_is_not(found: Document, pods: list[Document], cause: Cause) -> None:
    unready = why_unready(found, pods)
    assert unready is not None and unready.cause is cause and not unready.is_hopeless


def test_causes_are_told_with_what_to_mend() -> None:
    crashed = waiting("CrashLoopBackOff", num_restarts=4, reason="OOMKilled", exitCode=137)
    told = why_unready(deployment(), [pod(ready=False, containerStatuses=[crashed])])
    assert str(told) == "cart: crash loop (cart: OOMKilled, exit code 137, 4 restarts)"
    absent = waiting("ErrImageNeverPull")
    told = why_unready(deployment(), [pod(ready=False, containerStatuses=[absent])])
    assert str(told) == "cart: image missing (cart:1: ErrImageNeverPull)" and told is not None and told.is_hopeless
    homeless = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are\n available"}
    told = why_unready(deployment(), [pod(ready=False, conditions=[homeless])])
    assert str(told) == "cart: unschedulable (0/1 nodes are available)"
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: stand"}
    told = why_unready(deployment(conditions=[refused]), [])
    assert str(told) == "cart: refused by a quota or limit range (exceeded quota: stand)"


def test_an_image_that_can_still_be_pulled_is_waited_for() -> None:
    told = why_unready(deployment(), [pod(ready=False, containerStatuses=[waiting("ImagePullBackOff")])])
    assert told is not None and told.cause is Cause.IMAGE_MISSING and not told.is_hopeless


def test_a_pod_of_an_earlier_revision_does_not_speak_for_the_present_one() -> None:
    old = pod(ready=False, image="cart:missing", containerStatuses=[waiting("ErrImageNeverPull")])
    told = why_unready(deployment(), [pod(), old])
    assert told is not None and told.cause is Cause.STARTING and not told.is_hopeless


def test_a_leaving_pod_is_not_ready_and_restarts_are_summed() -> None:
    assert not is_ready(pod(leaving=True)) and is_ready(pod())
    assert restarts(pod(containerStatuses=[{"restartCount": 2}, {"restartCount": 1}])) == 3
