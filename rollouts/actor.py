"""jobs -> play_episodes -> write_run -> summaries: the worker of a fill, with or without Ray.

`StandActor` is a plain class. `rollouts.pool` makes a Ray actor of it; tests and small runs call it directly.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from clusters.applications import load_application
from envs.actions.catalogue import ActionCatalogue
from envs.control_loop import ControlLoop
from ray_configs.errors import UserError
from rollouts.dataset.metadata import Deployment
from rollouts.dataset.writer import write_run
from rollouts.episode import Episode, EpisodeSummary, Job, PolicySpec, RolloutError
from rollouts.playing import play_episodes
from rollouts.policies import build_policy
from rollouts.policies.policy import PolicyContext
from rollouts.stands import HeldStands, StandsSpec, hold_stands, loop_over

USER_ERROR = "UserError"
"""Kind of a RolloutError that no retry mends: its message is the sentence for the user."""


class StandActor:
    """Holds one live stand, or a batch of simulated stands that step together."""

    def __init__(self, spec: StandsSpec) -> None:
        self._spec = spec
        self._stands: HeldStands | None = None
        self._loop: ControlLoop | None = None

    def process_id(self) -> int:
        """Operating-system id of the process that it lives in; answering also says that it is ready."""
        return os.getpid()

    def play(self, jobs: Sequence[Job], dataset_dir: str) -> list[EpisodeSummary | RolloutError]:
        """Play up to `stands_per_actor` jobs together and commit each as a run.

        Never raises for a job that fails: its result is a RolloutError, and the other jobs are not touched by it.
        """
        started = time.monotonic()
        try:
            episodes = self._episodes(jobs)
            deployment = self._held(len(jobs)).deployment()
        except Exception as error:
            # Whatever state they are in: the next episode begins on stands that are placed anew.
            self.close()
            if len(jobs) == 1 or isinstance(error, UserError):
                return [_as_value(job, error) for job in jobs]
            # A stand plays the same alone as in a batch, so this isolates the job that fails from those that do not.
            return [result for job in jobs for result in self.play([job], dataset_dir)]
        seconds = (time.monotonic() - started) / len(jobs)
        return [
            _commit(job, episode, dataset_dir, deployment, seconds) for job, episode in zip(jobs, episodes, strict=True)
        ]

    def close(self) -> None:
        """Give the stands back; the next episode takes others."""
        stands, self._stands, self._loop = self._stands, None, None
        if stands is not None:
            stands.batch.close()

    def _episodes(self, jobs: Sequence[Job]) -> list[Episode]:
        loop = self._loop_of(len(jobs))
        policies = [build_policy(job.policy, _context(loop.catalogue, self._spec, job)) for job in jobs]
        return play_episodes(loop, jobs, policies, streams=self._spec.streams, scraping=self._spec.scraping)

    def _loop_of(self, num_stands: int) -> ControlLoop:
        """The loop held, or a new one where the number of stands differs (a fill's last, smaller batch)."""
        stands = self._held(num_stands)
        if self._loop is None:
            self._loop = loop_over(stands.batch, self._spec)
        return self._loop

    def _held(self, num_stands: int) -> HeldStands:
        if self._stands is None or self._stands.batch.num_stands != num_stands:
            self.close()
            self._stands = hold_stands(self._spec, num_stands)
        return self._stands


def _commit(
    job: Job, episode: Episode, dataset_dir: str, deployment: Deployment, seconds: float
) -> EpisodeSummary | RolloutError:
    started = time.monotonic()
    try:
        path = write_run(episode, Path(dataset_dir), deployment=deployment)
    except Exception as error:
        return _as_value(job, error)
    return EpisodeSummary(
        run_id=job.run_id,
        path=str(path),
        num_steps=len(episode.steps),
        episode_return=episode.episode_return,
        end_reason=episode.end_reason,
        seconds=seconds + time.monotonic() - started,
    )


def _as_value(job: Job, error: Exception) -> RolloutError:
    return RolloutError(run_id=job.run_id, kind=type(error).__name__, message=str(error))


def check_policies(spec: StandsSpec, jobs: Sequence[Job]) -> None:
    """Build every policy of the jobs once, so that a wrong name or parameter is found before anything starts.

    Raises:
        UserError: as `build_policy`.
    """
    catalogue = ActionCatalogue(load_application(spec.application))
    checked: list[PolicySpec] = []
    for job in jobs:
        if job.policy not in checked:
            build_policy(job.policy, _context(catalogue, spec, job))
            checked.append(job.policy)


def _context(catalogue: ActionCatalogue, spec: StandsSpec, job: Job) -> PolicyContext:
    return PolicyContext(
        application=catalogue.application, catalogue=catalogue, time_scales=spec.time_scales, seed=job.seed
    )
