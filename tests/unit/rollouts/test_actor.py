from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clusters.scenario import Split
from ray_configs.errors import UserError
from rollouts.actor import USER_ERROR, StandActor, check_policies
from rollouts.dataset.reader import list_runs, read_run
from rollouts.episode import EpisodeSummary, PolicySpec, RolloutError
from rollouts.jobs import PolicyShare, ScenarioDraw, draw_jobs
from rollouts.policies.policy import Decision, Observation, PolicyContext
from rollouts.stands import StandsSpec, build_loop

SPEC = StandsSpec(application="small-core", stands_per_actor=3)
DRAW = ScenarioDraw(split=Split.TRAIN, count=3, seed=8)
JOBS = draw_jobs(SPEC, (DRAW,), (PolicyShare(name="random"),), seed=1)


class BreaksAtStepTwo:
    """A policy with a defect."""

    def __init__(self, context: PolicyContext) -> None:
        pass

    def reset(self, seed: int) -> None:
        pass

    def act(self, observation: Observation, info: Mapping[str, Any]) -> Decision:
        if info["step"] == 2:
            raise ZeroDivisionError("a defect")
        return Decision(action=0)


def with_policy(index: int, name: str) -> tuple[Any, ...]:
    jobs = list(JOBS)
    jobs[index] = replace(jobs[index], policy=PolicySpec(name=name))
    return tuple(jobs)


def test_a_summary_says_what_its_run_holds(tmp_path: Path) -> None:
    actor = StandActor(SPEC)
    results = [*actor.play(JOBS[:2], str(tmp_path)), *actor.play(JOBS[2:], str(tmp_path))]
    assert len(list_runs(tmp_path)) == 3
    for job, summary in zip(JOBS, results, strict=True):
        assert isinstance(summary, EpisodeSummary)
        episode = read_run(Path(summary.path))
        assert (episode.run_id, episode.scenario, episode.policy) == (job.run_id, job.scenario, job.policy)
        assert summary.episode_return == pytest.approx(episode.episode_return)
        assert (summary.num_steps, summary.end_reason) == (len(episode.steps), episode.end_reason)


def test_a_job_that_fails_is_a_value_and_takes_no_other_with_it(tmp_path: Path) -> None:
    jobs = with_policy(1, f"{__name__}:BreaksAtStepTwo")
    results = StandActor(SPEC).play(jobs, str(tmp_path))
    assert results[1] == RolloutError(run_id=jobs[1].run_id, kind="ZeroDivisionError", message="a defect")
    assert [type(result) for result in (results[0], results[2])] == [EpisodeSummary, EpisodeSummary]
    assert len(list_runs(tmp_path)) == 2


def test_bad_input_keeps_its_sentence(tmp_path: Path) -> None:
    results = StandActor(SPEC).play(with_policy(0, "hpq"), str(tmp_path))
    assert {result.kind for result in results if isinstance(result, RolloutError)} == {USER_ERROR}
    with pytest.raises(UserError, match="'hpq'"):
        check_policies(SPEC, with_policy(0, "hpq"))


@pytest.mark.parametrize(
    ("spec", "named"), [(replace(SPEC, backend="k4s"), "simulated"), (replace(SPEC, application="big"), "small-core")]
)
def test_an_unknown_backend_or_application_lists_the_known(spec: StandsSpec, named: str) -> None:
    with pytest.raises(UserError, match=named):
        build_loop(spec)
