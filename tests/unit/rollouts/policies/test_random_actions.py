import numpy as np
import pytest

from rollouts.policies.random_actions import RandomActions
from tests.observations import CATALOGUE, Dashboard, context

CANDIDATES = ("do_nothing", "escalate_to_human", "scale:checkout:+2", "restart:cart")
NUM_OTHER = len(CATALOGUE) - 2


def test_probabilities_are_those_of_the_mixture() -> None:
    policy = RandomActions(context(), act_probability=0.2, candidate_share=0.5)
    distribution = policy.distribution(Dashboard().observation(), {"candidates": CANDIDATES})
    assert distribution.sum() == pytest.approx(1.0)
    assert distribution[CATALOGUE.index("do_nothing")] == pytest.approx(0.8)
    assert distribution[CATALOGUE.index("escalate_to_human")] == 0.0
    assert distribution[CATALOGUE.index("restart:payment")] == pytest.approx(0.2 * 0.5 / NUM_OTHER)
    assert distribution[CATALOGUE.index("restart:cart")] == pytest.approx(0.2 * (0.5 / NUM_OTHER + 0.5 / 2))


def test_masked_candidates_give_their_share_to_the_others() -> None:
    dashboard = Dashboard()
    dashboard.forbid("restart:cart", "restart:payment")
    policy = RandomActions(context(), act_probability=0.2, candidate_share=0.5)
    distribution = policy.distribution(dashboard.observation(), {"candidates": CANDIDATES})
    assert distribution[CATALOGUE.index("restart:cart")] == 0.0
    assert distribution[CATALOGUE.index("scale:checkout:+2")] == pytest.approx(0.2 * (0.5 / (NUM_OTHER - 2) + 0.5))
    dashboard.forbid("scale:checkout:+2")
    distribution = policy.distribution(dashboard.observation(), {"candidates": CANDIDATES})
    assert distribution.sum() == pytest.approx(1.0)
    assert distribution[CATALOGUE.index("restart:quote")] == pytest.approx(0.2 / (NUM_OTHER - 3))


def test_nothing_allowed_means_nothing_done_for_sure() -> None:
    dashboard = Dashboard()
    dashboard.mask[1:] = 0
    decision = RandomActions(context(), act_probability=1.0).act(dashboard.observation(), {"candidates": CANDIDATES})
    assert (CATALOGUE.names[decision.action], decision.probability) == ("do_nothing", pytest.approx(1.0))


def test_escalation_is_drawn_only_on_request() -> None:
    policy = RandomActions(context(), act_probability=1.0, candidate_share=0.0, escalate=True)
    distribution = policy.distribution(Dashboard().observation(), {"candidates": CANDIDATES})
    assert distribution[CATALOGUE.index("escalate_to_human")] == pytest.approx(1.0 / (NUM_OTHER + 1))


def test_actions_come_as_often_as_their_logged_probability_says() -> None:
    policy, observation = RandomActions(context(), act_probability=0.5), Dashboard().observation()
    expected = policy.distribution(observation, {"candidates": CANDIDATES})
    decisions = [policy.act(observation, {"candidates": CANDIDATES}) for _ in range(4000)]
    assert all(decision.probability == expected[decision.action] for decision in decisions)
    counts = np.bincount([decision.action for decision in decisions], minlength=len(CATALOGUE))
    spread = np.sqrt(4000 * expected * (1 - expected))
    assert np.all(np.abs(counts - 4000 * expected) <= 5 * spread + 1e-9)
