from typing import ClassVar

import numpy as np
import pytest

from ray_configs.errors import UserError
from rollouts.evaluation.advised_rules import AdvisedRules
from rollouts.evaluation.rankers import scores_only
from tests.observations import CATALOGUE, Dashboard, context

HERE = "tests.unit.rollouts.evaluation.test_advised_rules"
INFO = {"time_ns": 400_000_000_000}
REMEDY, OTHER = "scale:checkout:+1", "restart:cart"
MISSED = 0.5


class Expects:
    """Scores by action; 0 where nothing is said. Counts how often it is asked."""

    name = "expects"
    num_asked: ClassVar[int] = 0
    gains: ClassVar[dict[str, float]] = {}

    def predict(self, points, actions):
        Expects.num_asked += len(points)
        names = [CATALOGUE.names[index] for index in points[0].candidates]
        return [scores_only(np.array([Expects.gains.get(name, 0.0) for name in names]))]


def advised(gains, **parameters):
    """Rules that have seen a healthy stand, advised by such gains."""
    policy = AdvisedRules(context(), ranker=f"{HERE}:Expects", **parameters)
    Expects.gains, Expects.num_asked = gains, 0
    assert chosen(policy, Dashboard()) == "do_nothing"
    return policy


def chosen(policy, dashboard):
    return CATALOGUE.names[policy.act(dashboard.observation(), INFO).action]


def saturated():
    """A rule fires: it wants REMEDY."""
    dashboard = Dashboard()
    dashboard.utilisation("checkout", 0.8)
    return dashboard


def missed(bucket=-1):
    """No rule fires, but users miss an objective."""
    dashboard = Dashboard()
    dashboard.journey_errors(MISSED, bucket)
    return dashboard


def test_on_a_healthy_stand_nobody_is_asked():
    policy = advised({OTHER: 9.0})
    assert chosen(policy, Dashboard()) == "do_nothing"
    assert Expects.num_asked == 0


def test_where_users_suffer_the_best_action_is_done_without_a_rule_and_then_waited_for():
    policy = advised({OTHER: 0.2}, cool_down_seconds=90.0)
    assert [chosen(policy, missed()) for _ in range(4)] == [OTHER, "do_nothing", "do_nothing", OTHER]
    policy.reset(1)
    assert chosen(policy, missed()) == OTHER


def test_an_objective_counts_as_missed_for_one_control_step():
    assert chosen(advised({OTHER: 0.2}), missed(-3)) == OTHER
    assert chosen(advised({OTHER: 0.2}), missed(-4)) == "do_nothing"


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ({}, REMEDY),  # nothing is known of it, and rules are trusted
        ({OTHER: 0.05}, REMEDY),
        ({OTHER: 0.2}, OTHER),
        ({REMEDY: -0.03}, REMEDY),
        ({REMEDY: -0.2}, "do_nothing"),
        ({REMEDY: -0.2, OTHER: 0.2}, OTHER),
        ({"do_nothing": 0.2}, "do_nothing"),
    ],
)
def test_a_rules_remedy_is_weighed_against_all_else(gains, expected):
    assert chosen(advised(gains, trust=0.1, margin=0.05), saturated()) == expected


def test_rules_may_act_within_the_cool_down_and_wait_when_they_are_overruled():
    policy = advised({OTHER: 0.2}, cool_down_seconds=300.0)
    assert chosen(policy, missed()) == OTHER
    Expects.gains = {}
    assert chosen(policy, saturated()) == REMEDY
    overruled = advised({REMEDY: -1.0})
    assert [chosen(overruled, saturated()), Expects.num_asked] == ["do_nothing", 1]
    assert [chosen(overruled, saturated()), Expects.num_asked] == ["do_nothing", 1], "the rules wait, nobody is asked"


def test_a_masked_action_is_not_weighed():
    dashboard = missed()
    dashboard.forbid(OTHER)
    policy = advised({OTHER: 9.0})
    decision = policy.act(dashboard.observation(), INFO)
    assert CATALOGUE.names[decision.action] == "do_nothing"
    assert OTHER not in decision.scores
    assert set(decision.scores) == set(CATALOGUE.names) - {OTHER}


@pytest.mark.parametrize("name", ["trust", "margin", "cool_down_seconds"])
def test_bad_parameters_are_refused(name):
    with pytest.raises(UserError, match="must not be negative"):
        advised({}, **{name: -0.1})
