"""Every registered environment keeps Gymnasium's contract; the vector form is the single one, stand by stand."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import SyncVectorEnv

from clusters.simulated.telemetry.scraping import Scraping
from envs.registration import ENVIRONMENTS
from envs.scenarios.menus import FULL
from envs.time_scales import TimeScales
from envs.vector_env import VectorStandEnv

NUM_STANDS, NUM_STEPS = 4, 30
SETTINGS = {"time_scales": TimeScales(action_duration_seconds=60.0), "menu": FULL}
POOR_SCRAPING = Scraping(noise_ratio=0.1, gap_ratio=0.1, delay_buckets=1, histogram=True)
LABELS = ("fault", "family", "split", "root", "intensity", "duration", "symptom")


@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_gymnasiums_checker_passes_without_a_warning(environment_id):
    env = gymnasium.make(environment_id)
    check_env(env.unwrapped)
    env.close()


@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_one_seed_and_one_list_of_actions_give_one_episode(environment_id):
    episodes = []
    for _ in range(2):
        env = gymnasium.make(environment_id)
        trace = [env.reset(seed=11)]
        env.action_space.seed(11)
        trace += [env.step(env.action_space.sample()) for _ in range(3)]
        trace.append(env.reset())
        trace.append(env.step(0))
        env.close()
        episodes.append(trace)
    for one, other in zip(*episodes, strict=True):
        assert data_equivalence(one, other, exact=True)


@pytest.mark.parametrize("environment_id", ENVIRONMENTS)
def test_what_is_broken_is_nowhere_to_be_read(environment_id):
    env = gymnasium.make(environment_id)
    observation, info = env.reset(seed=0)
    _, _, _, _, step_info = env.step(0)
    text = f"{info} {sorted(step_info)} {sorted(observation)}"
    assert not [word for word in LABELS if word in text.replace("no_fault", "")]
    env.close()


@pytest.mark.parametrize(
    ("environment_id", "scraping"), [*((name, None) for name in ENVIRONMENTS), ("OtelDemoSmallCore-v0", POOR_SCRAPING)]
)
def test_the_vector_environment_equals_single_ones_bit_for_bit(environment_id, scraping):
    """Faults, roll-outs, rate limits, refused commands, ends and resets fall on the stands at different times."""
    settings = SETTINGS | {"scraping": scraping}
    singles = SyncVectorEnv([lambda: gymnasium.make(environment_id, **settings).unwrapped] * NUM_STANDS)
    together = gymnasium.make_vec(environment_id, num_envs=NUM_STANDS, **settings)
    assert isinstance(together.unwrapped, VectorStandEnv)
    assert together.single_observation_space == singles.single_observation_space
    expected, actual = singles.reset(seed=5), together.reset(seed=5)
    rng = np.random.default_rng(0)
    num_ends = num_receipts = 0
    for step in range(NUM_STEPS):
        _compare(expected, actual)
        actions = np.where(rng.random(NUM_STANDS) < 0.5, 0, rng.integers(2, len(together.catalogue), NUM_STANDS))
        if step % 9 == 5:
            actions[rng.integers(NUM_STANDS)] = together.catalogue.index("escalate_to_human")
        expected, actual = singles.step(actions), together.step(actions)
        num_ends += int((actual[2] | actual[3]).sum())
        num_receipts += int(actual[4].get("_receipt", np.zeros(1)).sum())
    _compare(expected, actual)
    assert num_ends > 2, "episodes ended and began again"
    assert num_receipts > NUM_STEPS
    singles.close()
    together.close()


def _compare(expected, actual):
    for one, other in zip(expected, actual, strict=True):
        assert _same(one, other)


def _same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return (
        np.asarray(one).tobytes() == np.asarray(other).tobytes()
        if one.dtype != object
        else one.tolist() == other.tolist()
    )


def test_registration_loads_no_environment():
    code = (
        "import envs, sys; print(any(name in sys.modules for name in ('envs.stand_env', 'clusters.simulated.stands')))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
