"""policies x scenarios -> fill on live stands -> episodes per policy: the closed loop where time is the wall's.

The episodes are committed as runs, so an evaluation that was stopped goes on where it was.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from clusters.scenario import Scenario
from ray_configs.errors import UserError
from rollouts.dataset.reader import read_run
from rollouts.dataset.writer import run_path
from rollouts.episode import Episode, Job
from rollouts.evaluation.config import ClosedLoopConfig
from rollouts.jobs import make_job
from rollouts.live_dealing import stand_resources
from rollouts.pool import FillResult, fill
from rollouts.ray_session import RaySettings, ray_session
from rollouts.stands import StandsSpec


def play_live(
    config: ClosedLoopConfig, scenarios: Sequence[Scenario], spec: StandsSpec, folder: Path, say: Callable[[str], None]
) -> dict[str, list[Episode]]:
    """The episodes of each policy, in the order of scenarios and seeds.

    A scenario that failed under one policy is left out of all, because policies are compared on the same episodes.

    Raises:
        UserError: no scenario could be played under every policy; the message has the first reason.
    """
    jobs = {
        named.name: [make_job(spec, scenario, named.policy, seed) for scenario in scenarios for seed in config.seeds]
        for named in config.policies
    }
    # Round by round, so that what stops early has compared all policies on some scenarios.
    ordered = [job for round_of_jobs in zip(*jobs.values(), strict=True) for job in round_of_jobs]
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    with ray_session(RaySettings(resources=stand_resources(spec.live_inventory))):
        result = fill(ordered, folder, spec, config.pool)
    kept = _played_by_all(list(jobs.values()), folder)
    if not kept:
        raise UserError(f"no scenario could be played under every policy: {_first_reason(result)}")
    if len(kept) < len(scenarios) * len(config.seeds):
        say(f"left out: {len(scenarios) * len(config.seeds) - len(kept)} scenarios ({_first_reason(result)})")
    return {name: [read_run(run_path(folder, rows[row].run_id)) for row in kept] for name, rows in jobs.items()}


def _played_by_all(jobs: Sequence[Sequence[Job]], folder: Path) -> list[int]:
    return [
        row
        for row in range(len(jobs[0]))
        if all(run_path(folder, of_policy[row].run_id).is_dir() for of_policy in jobs)
    ]


def _first_reason(result: FillResult) -> str:
    return result.errors[0].message if result.errors else "the evaluation was stopped"
