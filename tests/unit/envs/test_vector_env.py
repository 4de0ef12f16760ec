"""The vector environment's own conventions: views, sparse info, resets at the next step, seeds."""

from dataclasses import replace

import numpy as np
import pytest

from envs.loop_state import ESCALATED
from envs.scenarios.named import named_scenario
from envs.time_scales import TimeScales
from envs.vector_env import VectorStandEnv
from ray_configs.errors import UserError

CALM = replace(named_scenario("checkout-latency", TimeScales()), faults=(), name="calm", horizon_seconds=60.0)
PLAY_CALM = {"scenario": CALM}


@pytest.fixture(scope="module")
def env():
    env = VectorStandEnv(3)
    yield env
    env.close()


def actions(env, *names):
    return env.catalogue.indices(names)


def test_observations_change_with_the_next_step_and_copies_do_not(env):
    observation, _ = env.reset(seed=0, options=PLAY_CALM)
    assert env.observation_space.contains(observation)
    before = {name: values.copy() for name, values in observation.items()}
    env.step(actions(env, *["rate_limit:50%"] * 3))
    assert not np.array_equal(observation["action_mask"], before["action_mask"]), "a view of what the loop keeps"
    keeping = VectorStandEnv(3, copy_observations=True)
    kept, _ = keeping.reset(seed=0, options=PLAY_CALM)
    keeping.step(actions(env, *["rate_limit:50%"] * 3))
    assert all(np.array_equal(kept[name], before[name]) for name in before)
    assert all(values.flags.c_contiguous for values in kept.values())
    keeping.close()


def test_receipts_are_there_only_where_a_command_was_due(env):
    env.reset(seed=0, options=PLAY_CALM)
    *_, info = env.step(actions(env, "do_nothing", "restart:cart", "do_nothing"))
    assert info["_receipt"].tolist() == [False, True, False]
    assert info["receipt"][[0, 2]].tolist() == [None, None]
    assert info["receipt"][1].command.service == "cart"
    *_, info = env.step(actions(env, *["do_nothing"] * 3))
    assert "receipt" not in info
    assert "_receipt" not in info


def test_an_ended_stand_is_reset_by_the_next_step_while_the_others_go_on(env):
    env.reset(seed=0, options=PLAY_CALM)
    _, rewards, terminated, truncated, ended = env.step(actions(env, "do_nothing", "escalate_to_human", "do_nothing"))
    assert terminated.tolist() == [False, True, False]
    assert rewards[1] < -0.5
    assert ended["end_reason"].tolist() == ["", ESCALATED, ""]
    assert ended["scenario"].tolist() == ["calm"] * 3
    observation, rewards, terminated, truncated, begun = env.step(actions(env, *["restart:cart"] * 3))
    assert truncated.tolist() == [True, False, True], "a horizon of two steps"
    assert not terminated.any()
    assert rewards[1] == 0.0
    assert begun["time_seconds"].tolist() == [60.0, 0.0, 60.0]
    assert begun["_receipt"].tolist() == [True, False, True], "the reset stand's action is not carried out"
    assert begun["end_reason"].tolist() == ["horizon", None, "horizon"]
    assert begun["_end_reason"].tolist() == begun["_reward_terms"].tolist() == [True, False, True]
    assert begun["scenario"][0] == "calm" != begun["scenario"][1]
    assert "do_nothing" in begun["candidates"][1]
    assert begun["_scenario"].all()
    assert ended["scenario"].tolist() == ["calm"] * 3, "what was given out stays as it was"
    assert (observation["action_mask"][1] == env.reset(seed=9)[0]["action_mask"][1]).all()


def test_reward_terms_sum_to_the_rewards(env):
    env.reset(seed=1)
    for _ in range(4):
        _, rewards, _, _, info = env.step(actions(env, "do_nothing", "restart:frontend", "rate_limit:50%"))
    terms = info["reward_terms"]
    assert rewards.min() < 0
    assert sum(values for name, values in terms.items() if not name.startswith("_")) == pytest.approx(rewards)


def test_a_seed_gives_the_same_episodes_and_stand_i_takes_seed_plus_i(env):
    first = env.reset(seed=7)[1]["scenario"].tolist()
    second = env.reset()[1]["scenario"].tolist()
    assert env.reset(seed=7)[1]["scenario"].tolist() == first
    assert env.reset()[1]["scenario"].tolist() == second
    assert env.reset(seed=8)[1]["scenario"].tolist()[:2] == first[1:]
    assert env.reset(seed=[9, None, 7])[1]["scenario"][2] == first[0]
    with pytest.raises(ValueError, match="2 seeds for 3 environments"):
        env.reset(seed=[1, 2])


def test_no_episode_depends_on_when_the_others_end():
    played = []
    for others in ("do_nothing", "escalate_to_human"):
        env = VectorStandEnv(3)
        env.reset(seed=7)
        seen = []
        for step in range(6):
            own = "escalate_to_human" if step in (2, 4) else "do_nothing"
            observation, rewards, *_, info = env.step(actions(env, own, others, others))
            seen.append((info["scenario"][0], rewards[0], observation["nodes"][0].tobytes()))
        _, info = env.reset(options={**PLAY_CALM, "reset_mask": np.array([True, False, False])})
        seen.append(env.loop.observe()["nodes"][0].tobytes())
        seen.append(env.reset()[1]["scenario"][0])
        env.close()
        played.append(seen)
    assert len({name for name, *_ in played[0][:6]}) == 3
    assert played[0] == played[1]


def test_only_the_stands_of_a_mask_are_reset(env):
    env.reset(seed=0, options=PLAY_CALM)
    env.step(actions(env, *["do_nothing"] * 3))
    before = {name: values.copy() for name, values in env.loop.observe().items()}
    mask = np.array([False, True, False])
    observation, info = env.reset(seed=3, options={**PLAY_CALM, "reset_mask": mask})
    assert info["_scenario"].tolist() == mask.tolist()
    assert info["scenario"].tolist() == [None, "calm", None]
    for name, values in observation.items():
        assert np.array_equal(values[[0, 2]], before[name][[0, 2]])
    assert not np.array_equal(observation["nodes"][1], before["nodes"][1])
    assert env.loop.elapsed_seconds().tolist() == [30.0, 0.0, 30.0]
    with pytest.raises(UserError, match="no scenario 'no-such'"):
        env.reset(options={"scenario": "no-such"})
