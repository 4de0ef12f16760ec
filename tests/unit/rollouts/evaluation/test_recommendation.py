from dataclasses import replace

import numpy as np

from envs.rewards.reward_function import RewardWeights
from rollouts.evaluation.recommendation import cost_in_words, hindsight_on, reasons_for, recommended_candidate
from rollouts.evaluation.report import Incident
from tests.unit.rollouts.evaluation.synthetic import point, prediction

TRUTH = [[-1.0, -1.0], [-0.2, -0.2], [-2.0, -2.0]]


def incident(scores):
    return Incident(branched=point(TRUTH), prediction=prediction(scores, recovery=[0.1, 0.9, 0.2]))


def test_the_best_expected_return_is_recommended_if_it_gains_enough():
    assert recommended_candidate(incident([-1.0, -0.5, -2.0])) == 1
    assert recommended_candidate(incident([-1.0, -0.99, -2.0])) == 0


def test_reasons_carry_the_numbers():
    reasons = " ".join(reasons_for(incident([-1.0, -0.5, -2.0]), 1))
    assert "gain +0.50" in reasons and "90% instead of 10%" in reasons
    assert "harm compared with doing nothing: restart cart" in reasons


def test_hindsight_admits_a_wrong_recommendation():
    assert "cannot be told from the best" in hindsight_on(incident([-1.0, -0.5, -2.0]), 1)
    wrong = hindsight_on(incident([-1.0, -0.5, -0.1]), 2)
    assert "best would have been scale checkout +2" in wrong and "loses 100%" in wrong


def test_doing_nothing_is_defended_by_the_gain_that_is_missing():
    [first, *_] = reasons_for(incident([-1.0, -0.99, -2.0]), 0)
    assert "+0.01" in first


def test_cost_is_in_reserved_cpu_and_unknown_where_it_is_not_predicted():
    assert cost_in_words(-0.1 * RewardWeights().resource_cost) == "+10% CPU"
    assert cost_in_words(0.0) == "none"
    unknown = replace(prediction([0, 0]), expected_cost=np.full(2, np.nan))
    assert cost_in_words(float(unknown.expected_cost[0])) == "not predicted"
