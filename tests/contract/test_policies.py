"""Every registered policy keeps the policy contract; a new line in POLICIES is tested here for free."""

import math
import pickle

import numpy as np
import pytest

from rollouts.episode import PolicySpec
from rollouts.policies import POLICIES, build_policy
from rollouts.policies.policy import Decision, Observation
from tests.observations import APPLICATION, CATALOGUE, Dashboard, context

INFO = {"candidates": ("do_nothing", "scale:checkout:+2", "restart:cart"), "step": 0, "time_ns": 0}


def observations(seed: int, count: int) -> list[Observation]:
    """Stands in all kinds of trouble, with holes in the telemetry and arbitrary masks."""
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(count):
        dashboard = Dashboard()
        for service in APPLICATION.services:
            desired = int(random.integers(1, 7))
            dashboard.scaled(service.name, desired, int(random.integers(0, desired + 1)))
            dashboard.utilisation(service.name, random.uniform(0.0, 1.1))
            dashboard.node(service.name, "error_ratio", random.uniform(0.0, 0.2))
            dashboard.node(service.name, "latency_mean_milliseconds", random.uniform(1.0, 500.0))
            dashboard.node(service.name, "memory_bytes", random.uniform(0.0, 1.0) * service.memory_limit_bytes)
        dashboard.nodes[random.random(dashboard.nodes.shape) < 0.2] = -1.0
        dashboard.nodes[:, int(random.integers(len(APPLICATION.services)))] = -1.0
        dashboard.mask = (random.random(len(CATALOGUE)) < 0.5).astype(np.int8)
        dashboard.mask[CATALOGUE.index("do_nothing")] = 1
        drawn.append(dashboard.observation())
    return drawn


def decisions(name: str, seed: int, seen: list[Observation]) -> list[Decision]:
    policy = build_policy(PolicySpec(name=name), context(seed))
    policy.reset(seed)
    return [policy.act(observation, INFO) for observation in seen]


@pytest.mark.parametrize("name", POLICIES)
def test_chooses_only_allowed_actions_with_a_valid_probability(name: str) -> None:
    seen = observations(seed=3, count=60)
    for observation, decision in zip(seen, decisions(name, 5, seen), strict=True):
        assert observation["action_mask"][decision.action] == 1, CATALOGUE.names[decision.action]
        assert math.isnan(decision.probability) or 0.0 < decision.probability <= 1.0


@pytest.mark.parametrize("name", POLICIES)
def test_is_a_function_of_seed_and_observations_after_reset(name: str) -> None:
    seen = observations(seed=4, count=30)
    policy = build_policy(PolicySpec(name=name), context(1))
    for observation in seen:
        policy.act(observation, INFO)
    policy.reset(9)
    again = [policy.act(observation, INFO) for observation in seen]
    assert again == decisions(name, 9, seen)


@pytest.mark.parametrize("name", POLICIES)
def test_leaves_the_observation_alone(name: str) -> None:
    seen = observations(seed=5, count=3)
    before = pickle.dumps(seen)
    decisions(name, 0, seen)
    assert pickle.dumps(seen) == before


@pytest.mark.parametrize("name", sorted(set(POLICIES) - {"random"}))
def test_rules_leave_a_healthy_stand_alone(name: str) -> None:
    seen = [Dashboard().observation()] * 20
    assert {CATALOGUE.names[decision.action] for decision in decisions(name, 0, seen)} == {"do_nothing"}
