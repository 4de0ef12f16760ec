"""Environments that are copied or pickled in the middle of an episode: the copy goes on as the original does."""

import copy
import pickle

import numpy as np
import pytest

from clusters.simulated.telemetry.scraping import Scraping
from envs.stand_env import StandEnv
from envs.vector_env import VectorStandEnv

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda env: pickle.loads(pickle.dumps(env))}
ACTIONS = ("scale:checkout:+1", "do_nothing", "restart:cart", "set_cpu_limit:cart:x2", "do_nothing")


def same(ours, theirs):
    """Observations, rewards and ends of a step."""
    (observation, *rest), (other, *others) = ours, theirs
    assert all(np.array_equal(observation[name], other[name]) for name in observation)
    for value, its in zip(rest[:3], others[:3], strict=True):
        assert np.array_equal(value, its)


@pytest.mark.parametrize("how", COPIES)
def test_a_stand_goes_on_as_its_copy_does_and_neither_sees_the_other(how):
    env = StandEnv("small-core")
    env.reset(seed=3, options={"scenario": "checkout-latency"})
    for name in ACTIONS:
        env.step(env.catalogue.index(name))
    twin, acted = COPIES[how](env), COPIES[how](env)
    acted.step(env.catalogue.index("restart:frontend"))
    for name in ACTIONS:
        same(env.step(env.catalogue.index(name)), twin.step(env.catalogue.index(name)))
    same((*env.reset(seed=5), 0, 0), (*twin.reset(seed=5), 0, 0))
    same(env.step(0), twin.step(0))


@pytest.mark.parametrize("scraping", [None, Scraping()])
def test_many_stands_go_on_as_their_copies_do_through_resets(scraping):
    env = VectorStandEnv(6, scraping=scraping)
    env.reset(seed=1)
    rng = np.random.default_rng(0)
    steps = [np.where(rng.random(6) < 0.3, rng.integers(0, len(env.catalogue), 6), 0) for _ in range(50)]
    for actions in steps[:25]:
        env.step(actions)
    twin, num_resets = copy.deepcopy(env), 0
    for actions in steps[25:]:
        ours, theirs = env.step(actions), twin.step(actions)
        same(ours, theirs)
        assert ours[4]["scenario"].tolist() == theirs[4]["scenario"].tolist()
        num_resets += int((ours[2] | ours[3]).sum())
    assert num_resets, "else no copy of an episode to come was looked at"
