"""Scaling, restarts of one replica, groups that are switched off, and the quotas that bound them."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import (
    CheckStatus,
    CommandStatus,
    Receipt,
    RestartPod,
    Scale,
    SetAutoscaler,
    SetGroup,
    SetResources,
)
from clusters.simulated.parameters import COLD_SECONDS
from clusters.simulated.replica_set import reconcile
from clusters.simulated.stands import SimulatedStands
from clusters.topology import OptionalGroup
from tests.stands import APPLICATION, node, running, scenario

RECOMMENDATIONS = "recommendations"


def ready(stands: SimulatedStands, service: str) -> int:
    return stands._column(0).num_ready(stands._graph.service_index[service])


def desired(stands: SimulatedStands, service: str) -> int:
    return int(stands._state.desired_replicas[stands._graph.service_index[service], 0])


def settle(stands: SimulatedStands, receipt: Receipt, *, seconds: float = 120.0) -> CheckStatus:
    assert receipt.postcheck_status is CheckStatus.PENDING, receipt
    stands.advance(seconds)
    return stands.verify(0, receipt).postcheck_status


def test_replicas_of_an_autoscaler_are_a_conflict_until_it_is_gone() -> None:
    stands = running(1)
    stands.apply(0, SetAutoscaler(service="cart", target_utilisation=0.7, min_replicas=1, max_replicas=6))
    receipt = stands.apply(0, Scale(service="cart", replicas=4))
    assert (receipt.status, receipt.postcheck_status) == (CommandStatus.CONFLICT, CheckStatus.SKIPPED)
    assert "autoscaler" in receipt.message
    assert desired(stands, "cart") == 2
    stands.apply(0, SetAutoscaler(service="cart", target_utilisation=None, min_replicas=1, max_replicas=1))
    assert stands.apply(0, Scale(service="cart", replicas=4)).status is CommandStatus.APPLIED


def test_the_namespaces_quota_bounds_the_sum_of_the_limits_and_a_smaller_sum_makes_room() -> None:
    assert APPLICATION.cpu_quota_millicores is not None
    stands = running(1)
    statuses = [
        stands.apply(0, Scale(service=s.name, replicas=s.max_replicas)).status
        for s in APPLICATION.services
        if s.is_scalable
    ]
    assert set(statuses) == {CommandStatus.APPLIED, CommandStatus.QUOTA_EXCEEDED}
    refused = next(s for s in APPLICATION.services if s.is_scalable and desired(stands, s.name) < s.max_replicas)
    used = sum(
        desired(stands, s.name) * s.cpu_limit_millicores for s in APPLICATION.services if s.name != "load-generator"
    )
    assert used <= APPLICATION.cpu_quota_millicores
    stands.apply(0, Scale(service="frontend", replicas=1))
    receipt = stands.apply(0, Scale(service=refused.name, replicas=desired(stands, refused.name) + 1))
    assert receipt.status is CommandStatus.APPLIED


def test_a_quota_refuses_growth_of_limits_but_never_a_reduction() -> None:
    tight = replace(APPLICATION, cpu_quota_millicores=1000.0, memory_quota_bytes=1.0)
    stands = SimulatedStands(tight, 1)
    stands.reset([0], [scenario()], [0])
    limit = APPLICATION.service("cart").cpu_limit_millicores
    grown = stands.apply(0, SetResources(service="cart", cpu_limit_millicores=limit * 1.1))
    assert grown.status is CommandStatus.QUOTA_EXCEEDED
    assert "of 1000 millicores" in grown.message
    memory = APPLICATION.service("cart").memory_limit_bytes
    assert (
        stands.apply(0, SetResources(service="cart", memory_limit_bytes=memory * 2)).status
        is CommandStatus.QUOTA_EXCEEDED
    )
    half = SetResources(service="cart", cpu_limit_millicores=limit / 2, cpu_request_millicores=limit / 2)
    assert stands.apply(0, half).status is CommandStatus.APPLIED
    assert stands.apply(0, Scale(service="cart", replicas=1)).status is CommandStatus.APPLIED
    assert stands.apply(0, Scale(service="cart", replicas=2)).status is CommandStatus.QUOTA_EXCEEDED


def test_one_pod_restarts_at_once_with_what_it_was_working_on_and_is_no_container_restart() -> None:
    stands = running(1)
    s = stands._graph.service_index["frontend"]
    stands._state.stress[:, s, 0] = 0.3
    receipt = stands.apply(0, RestartPod(service="frontend"))
    assert ready(stands, "frontend") == 1, "the other one serves on"
    assert stands._state.lost[s, 0] > 0.0
    assert stands._state.stress[0, s, 0] == 0.0, "the fresh one is free of stress"
    assert stands._state.stress[1, s, 0] == 0.3
    assert settle(stands, receipt) is CheckStatus.PASSED
    assert node(stands.observe(120.0, 10.0), "frontend", "restarts").sum() == 0.0


def test_pods_that_are_restarted_one_by_one_are_all_fresh() -> None:
    stands = running(1)
    s = stands._graph.service_index["cart"]
    stands._state.stress[:2, s, 0] = 0.5
    stands.apply(0, RestartPod(service="cart"))
    stands.advance(60.0)
    assert stands._state.stress[:2, s, 0].max() == 0.5
    stands._state.timer[0, s, 0] = COLD_SECONDS + 1.0
    stands.apply(0, RestartPod(service="cart"))
    assert stands._state.stress[:, s, 0].max() == 0.0, "the first that is ready goes, not the first"


def test_new_replicas_have_leaked_nothing_and_those_that_go_take_their_share_along() -> None:
    stands = running(1)
    s = stands._graph.service_index["cart"]
    stands._state.leaked_bytes[s, 0] = 6e6
    stands.apply(0, Scale(service="cart", replicas=3))
    assert stands._state.leaked_bytes[s, 0] == pytest.approx(4e6)
    stands.apply(0, Scale(service="cart", replicas=2))
    assert stands._state.leaked_bytes[s, 0] == pytest.approx(4e6)
    stands.apply(0, RestartPod(service="cart"))
    assert stands._state.leaked_bytes[s, 0] == pytest.approx(2e6)


def test_a_group_that_is_off_has_no_replicas_no_calls_and_cannot_be_scaled() -> None:
    stands = running(1)
    off = stands.apply(0, SetGroup(group=RECOMMENDATIONS, enabled=False))
    assert (off.status, off.postcheck_status) == (CommandStatus.APPLIED, CheckStatus.PASSED)
    assert (desired(stands, "recommendation"), ready(stands, "recommendation")) == (0, 0)
    receipt = stands.apply(0, Scale(service="recommendation", replicas=1))
    assert receipt.status is CommandStatus.CONFLICT
    assert RECOMMENDATIONS in receipt.message
    autoscaler = SetAutoscaler(service="recommendation", target_utilisation=0.7, min_replicas=1, max_replicas=2)
    assert stands.apply(0, autoscaler).status is CommandStatus.CONFLICT
    stands.advance(60.0)
    window = stands.observe(30.0, 10.0)
    assert node(window, "recommendation", "request_rate_rps").max() == pytest.approx(0.0, abs=0.01)
    errors = window.journeys[0, :, :, 0]
    assert np.isfinite(errors).all()


def test_a_group_that_comes_back_starts_as_the_application_has_it() -> None:
    stands = running(1)
    stands.apply(0, Scale(service="recommendation", replicas=3))
    stands.apply(0, SetGroup(group=RECOMMENDATIONS, enabled=False))
    assert stands.apply(0, SetGroup(group=RECOMMENDATIONS, enabled=False)).status is CommandStatus.ALREADY_THERE
    on = stands.apply(0, SetGroup(group=RECOMMENDATIONS, enabled=True))
    assert settle(stands, on) is CheckStatus.PASSED
    assert ready(stands, "recommendation") == APPLICATION.service("recommendation").replicas
    rate = node(stands.observe(10.0, 10.0), "recommendation", "request_rate_rps")
    assert rate.min() > 1.0


def test_a_service_of_two_groups_is_on_only_with_both() -> None:
    groups = tuple(OptionalGroup(name=name, services=("recommendation",)) for name in ("one", "two"))
    stands = SimulatedStands(replace(APPLICATION, optional_groups=groups), 1)
    stands.reset([0], [scenario()], [0])
    stands.apply(0, SetGroup(group="one", enabled=False))
    stands.apply(0, SetGroup(group="two", enabled=False))
    stands.apply(0, SetGroup(group="one", enabled=True))
    assert desired(stands, "recommendation") == 0
    stands.apply(0, SetGroup(group="two", enabled=True))
    assert desired(stands, "recommendation") == 1


def test_many_pairs_are_reconciled_as_each_would_be_alone() -> None:
    rng = np.random.default_rng(0)
    together, alone = running(8), running(8)
    services = np.repeat(np.arange(1, 6), 8)
    stands = np.tile(np.arange(8), 5)
    for batch in (together, alone):
        batch._state.timer[:, services, stands] = np.random.default_rng(1).uniform(0, 40, (6, 40))
        batch._state.timer[~batch._state.present] = 0.0
    wanted = rng.integers(0, 7, 40)
    for batch in (together, alone):
        batch._state.desired_replicas[services, stands] = wanted
    reconcile(together._graph, together._state, services, stands)
    for s, n in zip(services, stands, strict=True):
        reconcile(alone._graph, alone._state, np.array([s]), np.array([n]))
    np.testing.assert_array_equal(together._state.present, alone._state.present)
    np.testing.assert_array_equal(together._state.timer, alone._state.timer)
    assert (together._state.present[:, services, stands].sum(axis=0) == wanted).all()
