"""How a Deployment's rollout stands, read from its document."""

from typing import Any

import pytest

from clusters.k3s.rules.rollouts import is_rolled_out, quota_message

SETTLED = {"observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def _deployment(**status: Any) -> dict[str, Any]:
    return {"metadata": {"generation": 4}, "spec": {"replicas": 2}, "status": status}


def test_it_is_over_when_all_replicas_are_new_and_available_and_no_other_is_left() -> None:
    assert is_rolled_out(_deployment(**SETTLED))


@pytest.mark.parametrize(
    "change",
    [{"observedGeneration": 3}, {"replicas": 3}, {"updatedReplicas": 1}, {"availableReplicas": 1}],
    ids=lambda change: next(iter(change)),
)
def test_it_is_not_over_before(change: dict[str, int]) -> None:
    assert not is_rolled_out(_deployment(**(SETTLED | change)))


def test_none_wanted_and_none_there_is_over() -> None:
    assert is_rolled_out({"metadata": {"generation": 1}, "spec": {"replicas": 0}, "status": {"observedGeneration": 1}})


def test_a_refused_pod_is_told_from_other_trouble_and_from_trouble_of_the_past() -> None:
    refused = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
    quota = refused | {"message": 'pods "a" is forbidden: exceeded quota: stand, requested: pods=1'}
    assert "exceeded quota: stand" in quota_message(_deployment(observedGeneration=4, conditions=[quota]))
    assert not quota_message(_deployment(observedGeneration=3, conditions=[quota]))
    other = refused | {"message": "no service account"}
    assert not quota_message(_deployment(observedGeneration=4, conditions=[other]))
    assert not quota_message(_deployment(observedGeneration=4))
