from collections.abc import Mapping
from typing import Any

import pytest

from clusters.scenario import Split
from rollouts.episode import Episode, Job, PolicySpec
from rollouts.jobs import PolicyShare, ScenarioDraw, draw_jobs
from rollouts.playing import play_episodes
from rollouts.policies import build_policy
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.stands import StandsSpec, build_loop
from tests.episodes import assert_equal

SPEC = StandsSpec(application="small-core", stands_per_actor=3)
JOBS = draw_jobs(
    SPEC,
    (ScenarioDraw(split=Split.TRAIN, count=3, seed=2),),
    (PolicyShare(name="random", parameters={"act_probability": 0.5}),),
    seed=1,
)


def play(jobs: tuple[Job, ...]) -> list[Episode]:
    loop = build_loop(SPEC, len(jobs))
    contexts = [
        PolicyContext(application=loop.application, catalogue=loop.catalogue, time_scales=SPEC.time_scales, seed=0)
        for _ in jobs
    ]
    return play_episodes(
        loop, jobs, [build_policy(job.policy, context) for job, context in zip(jobs, contexts, strict=True)]
    )


@pytest.fixture(scope="module")
def together() -> list[Episode]:
    return play(JOBS)


def test_an_episode_is_the_same_alone_and_in_a_batch(together: list[Episode]) -> None:
    assert_equal(play(JOBS[1:2])[0], together[1])


def test_an_episode_holds_its_warmup_and_every_step(together: list[Episode]) -> None:
    scales = SPEC.time_scales
    for job, episode in zip(JOBS, together, strict=True):
        scenario = job.scenario
        num_steps = round(scenario.horizon_seconds / scales.control_step_seconds)
        num_warmup = round(scenario.warmup_seconds / scales.observation_bucket_seconds)
        times = episode.telemetry.times_ns
        assert (episode.run_id, len(episode.steps), episode.end_reason) == (job.run_id, num_steps, "horizon")
        assert len(times) == num_warmup + num_steps * scales.buckets_per_step
        assert set(times[1:] - times[:-1]) == {10_000_000_000}
        starts = [step.time_ns for step in episode.steps]
        assert starts == list(times[num_warmup :: scales.buckets_per_step])


def test_a_step_says_what_was_chosen_among_what_and_what_it_was_worth(together: list[Episode]) -> None:
    steps = [step for episode in together for step in episode.steps]
    assert {step.action_name == "do_nothing" for step in steps} == {True, False}
    for step in steps:
        assert step.action_name in step.candidate_set
        assert 0.0 < step.probability <= 1.0
        assert (step.receipt is None) == (step.action_name == "do_nothing")
        assert sum(step.reward_terms.values()) == pytest.approx(step.reward)


def test_every_due_fault_is_in_the_record(together: list[Episode]) -> None:
    for job, episode in zip(JOBS, together, strict=True):
        horizon = job.scenario.horizon_seconds
        due = sum(at < horizon for fault in job.scenario.faults for at, _ in fault.injections)
        due += sum(
            fault.clearance is not None and (fault.end_seconds or horizon) < horizon for fault in job.scenario.faults
        )
        assert sum(len(step.fault_receipts) for step in episode.steps) == due


class ChoosesTheForbidden:
    """Takes the first masked action."""

    def __init__(self, context: PolicyContext) -> None:
        pass

    def reset(self, seed: int) -> None:
        pass

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        return Decision(action=int((observation["action_mask"] == 0).argmax()))


def test_a_masked_action_is_an_error_that_names_policy_and_action() -> None:
    job = Job(run_id="x", scenario=JOBS[0].scenario, seed=0, policy=PolicySpec(name=f"{__name__}:ChoosesTheForbidden"))
    with pytest.raises(ValueError, match=r"ChoosesTheForbidden.*chose .*masked"):
        play((job,))
