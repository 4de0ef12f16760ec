"""What actions are worth on whole stands: nothing beats patience in health, the right action wins in trouble."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.scenario import Split
from clusters.telemetry import JOURNEY_SIGNALS, NODE_SIGNALS, signal_index
from envs.control_loop import EpisodeRules
from envs.scenarios.generator import draw_scenarios
from envs.scenarios.named import named_scenario
from envs.simulated_loop import simulated_loop
from envs.time_scales import TimeScales

SCALES = TimeScales()
WHOLE = EpisodeRules(end_on_goal=False, end_on_emergency=False)
INCIDENT = named_scenario("checkout-latency", SCALES)


def _down(catalogue, rng, step):
    """Every service to its least: CPU limits halved twice, then replicas."""
    shrinking = [n for n in catalogue.names if n.endswith(":x0.5")] + [n for n in catalogue.names if n.endswith(":-1")]
    return catalogue.index(shrinking[step % len(shrinking)])


def _hammer(catalogue, rng, step):
    return catalogue.index("restart:frontend")


def _shed(catalogue, rng, step):
    return catalogue.index("rate_limit:50%" if step == 0 else "do_nothing")


def _random(catalogue, rng, step):
    return int(rng.integers(2, len(catalogue)))


def _grow(catalogue, rng, step):
    growing = [n for n in catalogue.names if n.endswith((":+2", ":x2"))]
    return catalogue.index(growing[step % len(growing)])


def _escalate(catalogue, rng, step):
    return catalogue.index("escalate_to_human")


SCRIPTS = (lambda catalogue, rng, step: 0, _down, _hammer, _shed, _random, _grow, _escalate)


@pytest.mark.parametrize("family", ["no_fault/steady", "no_fault/burst", "normal_control"])
def test_on_a_healthy_stand_nothing_beats_doing_nothing(family):
    drawn = draw_scenarios("small-core", Split.TRAIN, 300, 2, SCALES)
    scenario = next(candidate for candidate in drawn if candidate.family.startswith(family))
    loop = simulated_loop("small-core", len(SCRIPTS))
    loop.reset(range(len(SCRIPTS)), [scenario] * len(SCRIPTS), [3] * len(SCRIPTS))
    returns, rng = np.zeros(len(SCRIPTS)), np.random.default_rng(0)
    for step in range(20):
        actions = np.array([script(loop.catalogue, rng, step) for script in SCRIPTS])
        returns += loop.step(actions).rewards
    assert (returns[1:] < returns[0] - 0.3).all(), returns
    assert returns[0] > -0.5


def test_escalation_is_right_only_where_nothing_else_is():
    """Its price per step lies between a stand that some users can use and one that none can."""
    loop = simulated_loop("small-core", 2, rules=WHOLE)
    loop.reset([0, 1], [INCIDENT, INCIDENT], [1, 1])
    for _ in range(4):
        loop.step(np.zeros(2, dtype=np.int64))
    step = loop.step(np.array([loop.catalogue.index("escalate_to_human"), 0]))
    rest = sum(loop.step(np.zeros(2, dtype=np.int64)).rewards[1] for _ in range(15))
    assert step.reward_terms["escalation"][0] < rest, "browsing still works: waiting is cheaper"


def test_the_named_incident_shows_its_symptoms_and_is_healed_by_the_roll_back():
    loop = simulated_loop("small-core", 1, rules=WHOLE)
    loop.reset([0], [INCIDENT], [1])
    for _ in range(round(INCIDENT.decision_seconds / SCALES.control_step_seconds)):
        loop.step(np.zeros(1, dtype=np.int64))
    _assert_symptoms(loop)
    actions = np.repeat(loop.catalogue.indices(INCIDENT.candidates), 4)
    fork = loop.fork([0] * len(actions), list(range(4)) * len(INCIDENT.candidates))
    returns = fork.step(actions).rewards.copy()
    for _ in range(9):
        step = fork.step(np.zeros_like(actions))
        returns += step.rewards
    by_candidate = dict(zip(INCIDENT.candidates, returns.reshape(-1, 4), strict=True))
    best = by_candidate.pop("roll_back:checkoutCartClient")
    assert all((best > other + 3.0).all() for other in by_candidate.values()), by_candidate
    assert (by_candidate["scale:checkout:+2"] < by_candidate["do_nothing"]).all(), "more checkouts hit cart harder"
    latency = step.window.journeys[:, :, -1, signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")]
    healed = np.repeat([name.startswith("roll_back") for name in INCIDENT.candidates], 4)
    assert (latency[healed] < 1200).all()
    assert (latency[~healed].mean(axis=1) > 1200).all(), "a line that gives up comes and goes, bucket by bucket"


def _assert_symptoms(loop):
    window, application = loop.window(), loop.application
    checkout = application.service_names.index("checkout")
    cart = application.service_names.index("cart")
    journey = application.journey_names.index("checkout")
    objective = application.journeys[journey].slo_latency_milliseconds
    latency = window.journeys[0, :, journey, signal_index(JOURNEY_SIGNALS, "latency_p95_milliseconds")]
    assert latency[:20].max() < objective < latency[-3:].min()
    errors = window.nodes[0, :, cart, signal_index(NODE_SIGNALS, "error_ratio")]
    assert errors[:20].max() < 1e-3 < 0.02 < errors[-3:].min()
    queue = window.nodes[0, :, checkout, signal_index(NODE_SIGNALS, "queue_depth")]
    assert queue[-1] > 10 * queue[:20].max()


def test_visible_and_severe_faults_violate_objectives_and_the_best_action_depends_on_the_fault():
    drawn = [s for s in draw_scenarios("small-core", Split.TRAIN, 120, 9, SCALES) if s.faults][:40]
    loop = simulated_loop("small-core", len(drawn), rules=WHOLE)
    loop.reset(range(len(drawn)), drawn, [scenario.seed for scenario in drawn])
    decisions = np.array([round(s.decision_seconds / SCALES.control_step_seconds) for s in drawn])
    for step in range(decisions.max()):
        loop.step(np.zeros(len(drawn), dtype=np.int64), step < decisions)
    rows = [row for row, scenario in enumerate(drawn) for _ in scenario.candidates]
    actions = loop.catalogue.indices([name for scenario in drawn for name in scenario.candidates])
    fork = loop.fork(rows, rows)
    returns, violated = np.zeros(len(rows)), np.zeros(len(rows))
    for step in range(10):
        outcome = fork.step(actions if step == 0 else np.zeros_like(actions))
        returns += outcome.rewards / 10
        violated += outcome.reward_terms["recovery_time"] < 0
    idle = actions == 0
    strong = np.array([any(f.intensity != "mild" and f.duration != "transient" for f in s.faults) for s in drawn])
    assert violated[idle][strong].mean() > 4, "of ten steps"
    assert violated[idle][~strong].mean() < violated[idle][strong].mean() / 1.5
    best = {}
    for row, scenario in enumerate(drawn):
        own = np.array(rows) == row
        name = scenario.candidates[int(np.argmax(returns[own]))]
        best.setdefault(scenario.faults[0].kind, set()).add(name)
    assert len({name.split(":")[0] for names in best.values() for name in names}) >= 5
    assert len({name for names in best.values() for name in names}) >= 12


def test_doubling_the_price_of_resources_is_seen_in_that_term_alone():
    from envs.rewards.reward_function import RewardWeights

    calm = replace(INCIDENT, faults=())
    terms = []
    for weight in (0.3, 0.6):
        loop = simulated_loop("small-core", 1, reward_weights=RewardWeights(resource_cost=weight))
        loop.reset([0], [calm], [0])
        loop.step(np.array([loop.catalogue.index("scale:frontend:+2")]))
        terms.append(loop.step(np.zeros(1, dtype=np.int64)).reward_terms)
    assert terms[1]["resource_cost"][0] == pytest.approx(2 * terms[0]["resource_cost"][0])
    assert terms[0]["resource_cost"][0] < -0.05
    assert terms[1]["slo_violation"][0] == terms[0]["slo_violation"][0]
