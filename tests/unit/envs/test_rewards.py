"""Rewards: every term alone, and the breakdown."""

from dataclasses import fields

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow, signal_index
from envs.kernels.levels import ServiceLevels
from envs.rewards.reward_context import RewardContext
from envs.rewards.reward_function import RewardFunction, RewardWeights
from envs.rewards.reward_terms import Terms
from envs.service_levels import Objectives, levels_of

APPLICATION = load_application("small-core")
N, T, J = 3, 3, len(APPLICATION.journeys)
LATENCY_SLO = np.array([journey.slo_latency_milliseconds for journey in APPLICATION.journeys])


def window(*, offered=25.0, errors=0.0, latency_ratio=0.5, good=1.0):
    """Three stands; values broadcast to [N, T, J]."""
    journeys = np.zeros((N, T, J, len(JOURNEY_SIGNALS)), dtype=np.float32)
    values = {
        "offered_rate_rps": offered,
        "error_ratio": errors,
        "latency_p95_milliseconds": np.asarray(latency_ratio) * LATENCY_SLO,
        "good_ratio": good,
    }
    for name, value in values.items():
        journeys[..., signal_index(JOURNEY_SIGNALS, name)] = value
    return TelemetryWindow(
        bucket_seconds=10.0,
        times_ns=np.zeros((N, T), dtype=np.int64),
        nodes=np.zeros((N, T, len(APPLICATION.services), len(NODE_SIGNALS)), dtype=np.float32),
        edges=np.zeros((N, T, len(APPLICATION.edges), len(EDGE_SIGNALS)), dtype=np.float32),
        journeys=journeys,
        stand=np.zeros((N, T, len(STAND_SIGNALS)), dtype=np.float32),
    )


def context(telemetry=None, **changes):
    zeros = np.zeros(N, dtype=np.int64)
    values = {
        "levels": levels_of(window() if telemetry is None else telemetry, Objectives.of(APPLICATION)),
        "cost_millicores": np.full((N, T), 5000.0),
        "baseline_cost_millicores": np.full(N, 5000.0),
        "baseline_replicas": 10,
        "num_restarts": np.zeros((T, N, len(APPLICATION.services)), dtype=np.float32),
        "num_changes": zeros,
        "num_replicas_touched": zeros,
        "num_unsafe": zeros,
        "groups_enabled": np.ones((N, 2), dtype=np.bool_),
        "escalated": np.zeros(N, dtype=np.bool_),
        "emergency": np.zeros(N, dtype=np.bool_),
        "remaining_steps": np.full(N, 12),
    }
    return RewardContext(**(values | changes))


def rewards(*args, **changes):
    return RewardFunction().of(context(*args, **changes), np.ones(N, dtype=np.bool_))()


def unweighted(*args, **changes):
    weights = RewardWeights(**dict.fromkeys(Terms._fields, 1.0))
    return RewardFunction(weights).of(context(*args, **changes), np.ones(N, dtype=np.bool_))()[1]


def test_a_healthy_untouched_stand_costs_nothing():
    total, terms = rewards()
    assert total.tolist() == [0.0] * N
    assert list(terms) == list(Terms._fields) == [field.name for field in fields(RewardWeights)]


@pytest.mark.parametrize(
    ("term", "telemetry", "expected"),
    [
        ("slo_violation", {"good": 0.75}, -0.25),
        ("error_rate", {"errors": 0.5}, -0.5),
        ("latency_excess", {"latency_ratio": 2.0}, -1 / 3),
        ("latency_excess", {"latency_ratio": 1000.0}, -1.0),
        ("recovery_time", {"latency_ratio": [1.01, 0.1, 0.1, 0.1]}, -1.0),
        ("recovery_time", {"errors": [0.0, 0.0, 0.0, 0.03]}, -1.0),
    ],
)
def test_terms_of_the_users(term, telemetry, expected):
    assert unweighted(window(**telemetry))[term] == pytest.approx(np.full(N, expected))


def test_a_journey_counts_by_its_load_and_without_users_not_at_all():
    telemetry = window(offered=[30.0, 10.0, 0.0, 0.0], good=[1.0, 0.0, 0.0, 0.0], latency_ratio=[0.5, 0.5, 9.0, 9.0])
    assert unweighted(telemetry)["slo_violation"] == pytest.approx(np.full(N, -0.25))
    assert unweighted(telemetry)["recovery_time"].tolist() == [0.0] * N


def test_an_outage_without_any_latency_still_counts_as_violated():
    total, terms = rewards(window(errors=1.0, good=0.0, latency_ratio=np.nan))
    assert terms["slo_violation"].tolist() == [-1.0] * N
    assert terms["recovery_time"].tolist() == pytest.approx([-0.4] * N)
    assert np.isfinite(total).all()


def test_missing_telemetry_is_no_number_and_no_reward():
    total, _ = rewards(
        window(errors=np.nan, good=np.nan, latency_ratio=np.nan, offered=np.nan),
        cost_millicores=np.full((N, T), np.nan),
    )
    assert total.tolist() == [0.0] * N


def test_a_missing_value_may_also_be_negative():
    rng = np.random.default_rng(1)
    shape = (N, T, J)
    there = {
        name: np.where(rng.random(shape) < 0.4, np.nan, rng.uniform(0.1, 2.0, shape)) for name in ("errors", "good")
    }
    there["errors"] = np.where(np.isnan(there["good"]), np.nan, there["good"] / 2)
    there["latency_ratio"] = np.where(np.isnan(there["good"]), np.nan, rng.uniform(0.3, 5, shape))
    cost = np.where(rng.random((N, T)) < 0.4, np.nan, 7000.0)
    negative = {name: np.where(np.isnan(values), -1.0, values) for name, values in there.items()}
    total, terms = rewards(window(**there), cost_millicores=cost)
    other, _ = rewards(window(**negative), cost_millicores=np.where(np.isnan(cost), -1.0, cost))
    assert other.tobytes() == total.tobytes()
    assert terms["slo_violation"].min() < 0
    assert terms["resource_cost"].min() < 0


def test_a_feature_that_is_switched_off_costs_by_its_share():
    _, terms = rewards(groups_enabled=np.array([[True, True], [True, False], [False, False]]))
    assert terms["features_off"].tolist() == [0.0, -0.15, -0.3]


def test_nothing_found_is_zero_and_not_minus_zero():
    total, terms = rewards()
    assert not any(np.signbit(values).any() for values in [total, *terms.values()])


def test_cost_counts_above_the_baseline_only():
    cost = np.repeat([[4000.0], [5000.0], [7500.0]], T, axis=1)
    assert unweighted(cost_millicores=cost)["resource_cost"].tolist() == [0.0, 0.0, -0.5]


def test_churn_and_unsafe_actions_cost():
    total, terms = rewards(num_changes=np.array([0, 1, 1]), num_replicas_touched=np.array([0, 0, 2]))
    assert total[0] == 0.0 > total[1] > total[2]
    assert terms["instability"][2] == pytest.approx(0.5 * -3 / 10)
    assert rewards(num_unsafe=np.array([0, 1, 2]))[0].tolist() == [0.0, -0.5, -1.0]
    restarts = np.zeros((T, N, len(APPLICATION.services)), dtype=np.float32)
    restarts[0, 1, 2], restarts[:, 2, 3], restarts[1, 2, 4] = 2.0, 1.0, np.nan
    assert rewards(num_restarts=restarts)[1]["instability"].tolist() == pytest.approx([0.0, -0.1, -0.15])


def test_escalation_and_emergency_charge_the_steps_that_are_left():
    escalated = np.array([True, False, False])
    total, terms = rewards(escalated=escalated, emergency=~escalated)
    assert terms["escalation"].tolist() == [-12.0, 0.0, 0.0]
    assert terms["emergency"].tolist() == [0.0, -24.0, -24.0]
    assert total.tolist() == [-12.0, -24.0, -24.0]


def test_an_emergency_is_charged_as_the_worst_step():
    weights = RewardWeights()
    worst = rewards(window(errors=1.0, good=0.0, latency_ratio=100.0))[0]
    assert worst == pytest.approx(np.full(N, -weights.emergency))
    assert worst[0] < -weights.escalation, "escalating beats playing a total outage to its end"


def test_terms_sum_to_the_reward_and_a_batch_equals_its_rows_bit_for_bit():
    rng = np.random.default_rng(0)
    shape = (N, T, J)
    telemetry = window(
        offered=rng.uniform(1, 30, shape),
        errors=rng.uniform(0, 1, shape),
        good=rng.uniform(0, 1, shape),
        latency_ratio=rng.uniform(0.3, 5, shape),
    )
    total, terms = rewards(telemetry)
    assert sum(terms.values()) == pytest.approx(total)
    whole = context(telemetry)
    for stand in range(N):
        of_stand = whole._replace(
            **{name: _row(getattr(whole, name), stand) for name in PER_STAND},
            num_restarts=whole.num_restarts[:, stand : stand + 1].copy(),
        )
        alone = RewardFunction().of(of_stand, np.ones(1, dtype=np.bool_))()[1]
        assert {name: values[0] for name, values in alone.items()} == {
            name: values[stand] for name, values in terms.items()
        }


def test_what_does_not_count_is_worth_nothing_however_bad_it_is():
    bad = context(window(good=0.0, errors=1.0, latency_ratio=100.0), num_unsafe=np.full(N, 3))
    all_of_it, _ = RewardFunction().of(bad, np.ones(N, dtype=np.bool_))()
    some, terms = RewardFunction().of(bad, np.array([True, False, True]))()
    assert some.tolist() == [all_of_it[0], 0.0, all_of_it[2]]
    assert all(values[1] == 0.0 for values in terms.values())


PER_STAND = [name for name in RewardContext._fields if name not in ("baseline_replicas", "num_restarts")]


def _row(values, stand):
    if isinstance(values, ServiceLevels):
        return ServiceLevels(*(_row(level, stand) for level in values))
    return values[stand : stand + 1]


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_a_weight_below_zero_or_not_finite_is_refused(weight):
    with pytest.raises(ValueError, match="reward weight instability is"):
        RewardWeights(instability=weight)
