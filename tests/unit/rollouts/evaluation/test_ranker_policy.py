from typing import ClassVar

import numpy as np
import pytest

from clusters.applications import load_application
from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS
from envs.actions.action import ACTION_TYPES, ActionType
from envs.actions.catalogue import ActionCatalogue
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.evaluation.ranker_policy import RankerPolicy
from rollouts.evaluation.rankers import scores_only
from rollouts.policies.policy import PolicyContext

CATALOGUE = ActionCatalogue(load_application("small-core"))
CANDIDATES = ("restart:cart", "do_nothing", "scale:checkout:+2")
HERE = "tests.unit.rollouts.evaluation.test_ranker_policy"


class LikesScaling:
    """Expects `gain` of a scale-up; keeps what it was shown."""

    name = "likes_scaling"
    shown: ClassVar[list] = []

    def __init__(self, *, gain=0.5):
        self.gain = gain

    def predict(self, points, actions):
        LikesScaling.shown += points
        scale = ACTION_TYPES.index(ActionType.SCALE)
        return [scores_only(self.gain * (features.type_ids == scale)) for features in actions]


def policy(**parameters):
    context = PolicyContext(application=CATALOGUE.application, catalogue=CATALOGUE, time_scales=TimeScales(), seed=0)
    return RankerPolicy(context, ranker=f"{HERE}:LikesScaling", **parameters)


def observation(forbidden=()):
    application = CATALOGUE.application
    mask = np.ones(len(CATALOGUE), dtype=np.int8)
    mask[[CATALOGUE.index(name) for name in forbidden]] = 0
    nodes = np.ones((30, len(application.services), len(NODE_SIGNALS)), dtype=np.float32)
    nodes[0] = -1.0
    return {
        "nodes": nodes,
        "edges": np.ones((30, len(application.edges), len(EDGE_SIGNALS)), dtype=np.float32),
        "journeys": np.ones((30, len(application.journeys), len(JOURNEY_SIGNALS)), dtype=np.float32),
        "stand": np.ones((30, len(STAND_SIGNALS)), dtype=np.float32),
        "action_mask": mask,
    }


INFO = {"candidates": CANDIDATES, "step": 0, "time_ns": 400_000_000_000}


def names(decisions):
    return [CATALOGUE.names[decision.action] for decision in decisions]


def test_acts_once_and_then_waits_for_the_effect():
    actor = policy(cool_down_seconds=90.0)
    decisions = [actor.act(observation(), INFO) for _ in range(4)]
    assert names(decisions) == ["scale:checkout:+2", "do_nothing", "do_nothing", "scale:checkout:+2"]
    assert decisions[0].scores == {"restart:cart": 0.0, "do_nothing": 0.0, "scale:checkout:+2": 0.5}
    actor.act(observation(), INFO)
    actor.reset(seed=1)
    assert names([actor.act(observation(), INFO)]) == ["scale:checkout:+2"]


def test_a_gain_within_the_margin_is_not_worth_an_action():
    assert names([policy(gain=0.1, margin=0.1).act(observation(), INFO)]) == ["do_nothing"]
    assert names([policy(gain=0.1, margin=0.05).act(observation(), INFO)]) == ["scale:checkout:+2"]


def test_a_masked_action_is_never_considered():
    decision = policy().act(observation(forbidden=["scale:checkout:+2"]), INFO)
    assert names([decision]) == ["do_nothing"]
    assert set(decision.scores) == {"restart:cart", "do_nothing"}


def test_the_whole_catalogue_can_be_the_choice():
    decision = policy(candidates="catalogue").act(observation(), INFO)
    assert set(decision.scores) == set(CATALOGUE.names)


def test_the_ranker_sees_gaps_as_gaps_and_nothing_of_the_scenario():
    LikesScaling.shown.clear()
    policy().act(observation(), INFO)
    [point] = LikesScaling.shown
    assert np.isnan(point.history.nodes[0]).all() and not np.isnan(point.history.nodes[1:]).any()
    assert point.history.times_ns[-1] == INFO["time_ns"] - 10_000_000_000
    assert point.scenario.faults == () and point.scenario.family == "unknown"


def test_bad_parameters_are_named():
    with pytest.raises(UserError, match="scenario or catalogue"):
        policy(candidates="everything")
    with pytest.raises(UserError, match="negative"):
        policy(margin=-1.0)
