import pickle
from collections import Counter
from dataclasses import replace

from clusters.scenario import Split
from envs.time_scales import TimeScales
from rollouts.episode import Job
from rollouts.jobs import PairedPolicy, PolicyShare, ScenarioDraw, draw_jobs
from rollouts.stands import StandsSpec

SPEC = StandsSpec(application="small-core")
DRAWS = (ScenarioDraw(split=Split.TRAIN, count=40, seed=1),)
POLICIES = (
    PolicyShare(name="random", share=0.7, parameters={"act_probability": 0.2}),
    PolicyShare(name="hpa", share=0.2),
    PolicyShare(name="do_nothing", share=0.1),
)


def test_the_same_input_gives_the_same_jobs_and_every_part_of_it_counts() -> None:
    jobs = draw_jobs(SPEC, DRAWS, POLICIES, seed=3)
    ids = {job.run_id for job in jobs}
    assert jobs == draw_jobs(SPEC, DRAWS, POLICIES, seed=3)
    assert len(ids) == 40
    other_spec = replace(SPEC, time_scales=TimeScales(cooldown_seconds=30.0))
    other_parameters = tuple(replace(policy, parameters={}) for policy in POLICIES)
    for others in (
        draw_jobs(SPEC, DRAWS, POLICIES, seed=4),
        draw_jobs(other_spec, DRAWS, POLICIES, seed=3),
        draw_jobs(SPEC, (replace(DRAWS[0], split=Split.VALIDATION),), POLICIES, seed=3),
    ):
        assert not ids & {job.run_id for job in others}
    same_policy = {job.run_id for job in draw_jobs(SPEC, DRAWS, other_parameters, seed=3)} & ids
    assert same_policy == {job.run_id for job in jobs if job.policy.name != "random"}


def test_how_stands_are_grouped_is_no_part_of_a_run() -> None:
    assert draw_jobs(replace(SPEC, stands_per_actor=3), DRAWS, POLICIES, seed=3) == draw_jobs(
        SPEC, DRAWS, POLICIES, seed=3
    )


def test_shares_are_met_exactly() -> None:
    counts = Counter(job.policy.name for job in draw_jobs(SPEC, DRAWS, POLICIES, seed=3))
    assert counts == {"random": 28, "hpa": 8, "do_nothing": 4}
    third = tuple(PolicyShare(name="random", parameters={"act_probability": value}) for value in (0.1, 0.2, 0.3))
    thirds = Counter(job.policy.parameters["act_probability"] for job in draw_jobs(SPEC, DRAWS, third, seed=3))
    assert sorted(thirds.values()) == [13, 13, 14]


def test_a_scenario_that_stands_in_two_draws_is_played_once_per_policy() -> None:
    one = (PolicyShare(name="random"),)
    assert draw_jobs(SPEC, DRAWS + DRAWS, one, seed=3) == draw_jobs(SPEC, DRAWS, one, seed=3)


def test_what_is_sent_to_an_actor_pickles() -> None:
    jobs = draw_jobs(SPEC, DRAWS, POLICIES, seed=3)
    assert pickle.loads(pickle.dumps((SPEC, jobs))) == (SPEC, jobs)


def test_paired_plays_of_a_scenario_share_the_stand_and_differ_in_the_policy() -> None:
    paired = (PairedPolicy(name="do_nothing"), PairedPolicy(name="random", plays=3))
    jobs = draw_jobs(SPEC, DRAWS, POLICIES, seed=3, paired=paired)
    assert len({job.run_id for job in jobs}) == len(jobs)
    by_scenario: dict[str, list[Job]] = {}
    for job in jobs:
        by_scenario.setdefault(job.scenario.name, []).append(job)
    assert len(by_scenario) == 40
    for played in by_scenario.values():
        assert len({job.seed for job in played}) == 1
        assert len({job.policy_seed for job in played if job.policy.name == "random"}) >= 3
        assert sum(job.policy.name == "do_nothing" for job in played) >= 1
