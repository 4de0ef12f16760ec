"""What recorded episodes tell of their faults, beside what playing the same scenarios twice tells."""

from dataclasses import replace

import numpy as np
import pytest

from clusters.commands import CommandStatus
from clusters.scenario import Split
from envs.scenarios.impact import Impact, ImpactRules, validate
from rollouts.episode import Episode
from rollouts.jobs import PolicyShare, ScenarioDraw, draw_jobs
from rollouts.playing import play_episodes
from rollouts.policies import build_policy
from rollouts.policies.policy import PolicyContext
from rollouts.recorded_impact import recorded_impact
from rollouts.stands import StandsSpec, build_loop

NUM_SCENARIOS = 60
SPEC = StandsSpec(application="small-core", stands_per_actor=NUM_SCENARIOS)
RULES = ImpactRules()


@pytest.fixture(scope="module", name="episodes")
def make_episodes() -> list[Episode]:
    """Nobody acts."""
    draws = (ScenarioDraw(split=Split.TRAIN, count=NUM_SCENARIOS, seed=8, menu="full"),)
    jobs = draw_jobs(SPEC, draws, (PolicyShare(name="do_nothing"),), seed=1)
    loop = build_loop(SPEC, len(jobs))
    context = PolicyContext(
        application=loop.application, catalogue=loop.catalogue, time_scales=SPEC.time_scales, seed=0
    )
    return play_episodes(loop, jobs, [build_policy(job.policy, context) for job in jobs])


def test_what_was_recorded_mostly_tells_what_playing_twice_tells(episodes: list[Episode]) -> None:
    truth = validate([episode.scenario for episode in episodes], RULES).impacts
    pairs = [
        (found.is_effective, true.is_effective)
        for episode, true in zip(episodes, truth, strict=True)
        if isinstance(found := recorded_impact(episode, RULES), Impact)
        and episode.scenario.workload.profile == "steady"
    ]
    assert len(pairs) >= 5
    assert np.mean([found == true for found, true in pairs]) >= 0.8


def test_an_episode_without_faults_is_not_judged(episodes: list[Episode]) -> None:
    healthy = [episode for episode in episodes if not episode.scenario.faults]
    assert healthy
    assert {recorded_impact(episode, RULES) for episode in healthy} == {"no fault came into force"}


def felt(episodes: list[Episode]) -> Episode:
    return next(
        episode
        for episode in episodes
        if isinstance(found := recorded_impact(episode, RULES), Impact) and found.is_effective
    )


def test_what_somebody_did_is_not_the_faults(episodes: list[Episode]) -> None:
    episode = felt(episodes)
    steps = [replace(step, action_name="restart") for step in episode.steps]
    assert recorded_impact(replace(episode, steps=tuple(steps)), RULES) == "somebody acted before users felt anything"
    impact = recorded_impact(episode, RULES)
    assert isinstance(impact, Impact)
    assert impact.first_bucket is not None
    late = impact.first_bucket // SPEC.time_scales.buckets_per_step + RULES.num_consecutive
    steps = [*episode.steps[:late], *steps[late:]]
    cut = recorded_impact(replace(episode, steps=tuple(steps)), RULES)
    assert isinstance(cut, Impact)
    assert (cut.first_bucket, cut.sli) == (impact.first_bucket, impact.sli)
    assert cut.num_buckets <= impact.num_buckets


def test_a_fault_that_was_never_injected_did_nothing(episodes: list[Episode]) -> None:
    episode = felt(episodes)
    steps = tuple(
        replace(
            step,
            fault_receipts=tuple(
                (fault, replace(receipt, status=CommandStatus.FAILED)) for fault, receipt in step.fault_receipts
            ),
        )
        for step in episode.steps
    )
    assert recorded_impact(replace(episode, steps=steps), RULES) == "no fault came into force"


def test_what_was_not_measured_is_neither_good_nor_bad(episodes: list[Episode]) -> None:
    episode = felt(episodes)
    journeys = np.full_like(episode.telemetry.journeys, np.nan)
    unknown = replace(episode, telemetry=replace(episode.telemetry, journeys=journeys))
    impact = recorded_impact(unknown, RULES)
    assert isinstance(impact, Impact)
    assert not impact.is_effective
