"""The single environment: what a reset plays, what info says, what is refused."""

import pickle

import gymnasium
import numpy as np
import pytest

from clusters.scenario import Split
from envs.rewards.reward_function import RewardWeights
from envs.scenarios.generator import draw_scenario
from envs.scenarios.splits import SEED_RANGES
from envs.stand_env import StandEnv
from envs.time_scales import TimeScales
from ray_configs.errors import UserError


@pytest.fixture(scope="module")
def env():
    with StandEnv() as env:
        yield env


def test_a_scenario_is_played_by_name_or_as_given(env):
    _, info = env.reset(seed=0, options={"scenario": "checkout-latency"})
    assert info["scenario"] == "checkout-latency"
    assert info["candidates"][0] == "do_nothing"
    given = draw_scenario("small-core", 2_000_001, TimeScales())
    _, info = env.reset(options={"scenario": given})
    assert env.scenario is given
    assert info["candidates"] == given.candidates


def test_without_options_training_scenarios_are_drawn_anew(env):
    names = [env.reset(seed=0)[1]["scenario"], *(env.reset()[1]["scenario"] for _ in range(2))]
    assert len(set(names)) == 3
    assert all(int(name.split(":")[2]) in SEED_RANGES[Split.TRAIN] for name in names)
    assert env.reset(seed=0)[1]["scenario"] == names[0]


def test_a_step_explains_its_reward_and_its_action(env):
    env.reset(seed=0)
    _, reward, terminated, truncated, info = env.step(env.catalogue.index("restart:cart"))
    assert sum(info["reward_terms"].values()) == pytest.approx(reward)
    assert info["receipt"].command.service == "cart"
    assert info["time_seconds"] == 30.0
    assert info["end_reason"] == ""
    assert not terminated
    assert not truncated


def test_any_window_can_be_observed_in_any_granularity(env):
    observation, _ = env.reset(seed=0)
    assert env.observe(300.0, 10.0)["nodes"].tobytes() == observation["nodes"].tobytes()
    assert env.observe(60.0, 20.0)["edges"].shape[0] == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenario": "no-such"}, "there is no scenario 'no-such'; give checkout-latency"),
        ({"scenario": 7}, "option 'scenario' is a int"),
        ({"scenarios": "checkout-latency"}, "reset has no option 'scenarios'"),
    ],
)
def test_bad_options_are_refused(env, options, message):
    with pytest.raises(UserError, match=message):
        env.reset(options=options)


def test_bad_settings_are_refused():
    with pytest.raises(UserError, match="no application 'cloud'"):
        gymnasium.make("OtelDemoSmallCore-v0", application="cloud")
    with pytest.raises(ValueError, match="slo_violation is -1"):
        StandEnv(reward_weights=RewardWeights(slo_violation=-1.0))


def test_the_space_describes_the_observation(env):
    observation, _ = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    assert env.action_space.n == observation["action_mask"].size
    assert not any(np.isnan(values).any() for values in observation.values())
    pickle.dumps(env.observation_space)
