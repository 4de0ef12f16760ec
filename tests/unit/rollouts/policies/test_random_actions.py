import numpy as np
import pytest

from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from ray_configs.errors import UserError
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


def test_it_stops_after_its_last_action() -> None:
    policy, observation = RandomActions(context(), act_probability=1.0, max_actions=2), Dashboard().observation()
    names = [CATALOGUE.names[policy.act(observation, {"candidates": CANDIDATES}).action] for _ in range(4)]
    assert "do_nothing" not in names[:2]
    assert names[2:] == ["do_nothing", "do_nothing"]
    policy.reset(1)
    assert CATALOGUE.names[policy.act(observation, {"candidates": CANDIDATES}).action] != "do_nothing"


def test_it_acts_more_often_while_an_objective_is_missed() -> None:
    policy = RandomActions(context(), act_probability=0.1, incident_act_probability=0.6)
    observation = Dashboard().observation()
    nothing = CATALOGUE.index("do_nothing")
    assert policy.distribution(observation, {"candidates": CANDIDATES})[nothing] == pytest.approx(0.9)
    error_ratio = signal_index(JOURNEY_SIGNALS, "error_ratio")
    observation["journeys"][-1, 0, error_ratio] = 0.5
    assert policy.distribution(observation, {"candidates": CANDIDATES})[nothing] == pytest.approx(0.4)


def test_bad_parameters_are_refused() -> None:
    for parameters in ({"max_actions": -1}, {"incident_act_probability": 1.5}):
        with pytest.raises(UserError, match=next(iter(parameters))):
            RandomActions(context(), **parameters)
