"""What candidates are worth: each named scenario tells its story, and in health nothing of any kind beats waiting."""

import numpy as np
import pytest

from clusters.applications import APPLICATIONS
from clusters.scenario import Split
from envs.control_loop import EpisodeRules
from envs.scenarios.generator import draw_scenarios
from envs.scenarios.menus import FULL
from envs.scenarios.named import NAMED, named_scenario
from envs.scenarios.splits import NO_FAULT
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales

WHOLE = EpisodeRules(end_on_goal=False, end_on_emergency=False)
NUM_REPLICATES = 3
BEST = {
    "checkout-latency": "roll_back:checkoutCartClient",
    "retry-storm": "roll_back:proxyRetries",
    "bad-canary": "take_back:checkout-2.3.0",
    "slow-start-canary": "do_nothing",
    "kafka-lag": "roll_back:kafkaQueueProblems",
    "llm-rate-limit": "roll_back:assistantPrompt",
    "catalog-leak": "set_memory_limit:product-catalog:x2",
}


def returns_of(name):
    """Mean return of each candidate, taken at the decision and followed by nothing."""
    scenario = named_scenario(name)
    loop = simulated_loop(scenario.application, 1, rules=WHOLE)
    loop.reset([0], [scenario], [1])
    decision = round(scenario.decision_seconds / loop.time_scales.control_step_seconds)
    for _ in range(decision):
        loop.step(np.zeros(1, dtype=np.int64))
    actions = np.repeat(loop.catalogue.indices(scenario.candidates), NUM_REPLICATES)
    fork = loop.fork([0] * len(actions), list(range(NUM_REPLICATES)) * len(scenario.candidates))
    returns = fork.step(actions).rewards.copy()
    for _ in range(round(scenario.horizon_seconds / loop.time_scales.control_step_seconds) - decision - 1):
        returns += fork.step(np.zeros_like(actions)).rewards
    means = returns.reshape(-1, NUM_REPLICATES).mean(axis=1)
    return dict(zip(scenario.candidates, means.tolist(), strict=True))


@pytest.mark.parametrize("name", NAMED)
def test_the_action_that_a_story_is_about_is_its_best(name):
    returns = returns_of(name)
    best = returns.pop(BEST[name])
    assert best > max(returns.values()) + 0.1, returns


def test_a_retry_storm_outlives_its_trigger_until_load_is_shed_or_the_retries_are_taken_back():
    returns = returns_of("retry-storm")
    assert returns["do_nothing"] < -15.0
    assert returns["restart:frontend"] < returns["do_nothing"] + 0.5
    for helpful in ("rate_limit:50%", "shape:all:50%", "roll_back:proxyRetries"):
        assert returns[helpful] > returns["do_nothing"] + 5.0


@pytest.mark.parametrize("application", APPLICATIONS)
def test_in_health_no_candidate_of_the_full_menu_beats_waiting(application):
    drawn = draw_scenarios(application, Split.TRAIN, 120, 11, TimeScales(), FULL)
    # Many orders may bring a stand with dear costs to its limit, where capacity is worth its price.
    healthy = [s for s in drawn if s.family.startswith(NO_FAULT) and s.workload.profile != "checkout_heavy"][:6]
    loop = simulated_loop(application, len(healthy), rules=WHOLE)
    loop.reset(range(len(healthy)), healthy, [scenario.seed for scenario in healthy])
    rows = np.array([row for row, scenario in enumerate(healthy) for _ in scenario.candidates])
    actions = loop.catalogue.indices([name for scenario in healthy for name in scenario.candidates])
    fork = loop.fork(rows.tolist(), rows.tolist())
    returns = fork.step(actions).rewards.copy()
    for _ in range(9):
        returns += fork.step(np.zeros_like(actions)).rewards
    for row, scenario in enumerate(healthy):
        of_row = returns[rows == row]
        assert of_row.max() == of_row[scenario.candidates.index("do_nothing")], scenario.name
