"""jobs -> idle actors -> (one call in flight each) -> results, lost work back into the queue -> FillResult.

Waiting on `ray.wait` is the back-pressure: an actor gets work only when it has none. Ray restarts a dead actor but
repeats no call, because a fault injected on a live stand must not be injected twice unseen: the driver requeues, after
it has looked which runs were committed before the actor died.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, ActorUnschedulableError, OutOfMemoryError, RayActorError

from clusters.k3s.inventory import ClusterSpec, Inventory
from ray_configs.errors import UserError
from rollouts.actor import USER_ERROR, StandActor
from rollouts.dataset.writer import run_path
from rollouts.episode import EpisodeSummary, Job, RolloutError
from rollouts.live_dealing import ClusterDeal, only, resource_of
from rollouts.live_readers import shared_readers
from rollouts.stands import StandsSpec

_WAIT_SECONDS = 0.5
_CLOSE_SECONDS = 20.0
"""For actors to give their stands back at a fill's end."""
_LOST = (RayActorError, OutOfMemoryError, ActorUnschedulableError)


@dataclass(frozen=True, kw_only=True)
class PoolSettings:
    """How many actors there are, and how stubborn the pool is."""

    actors: int = 2
    cpus_per_actor: float = 0.5
    """Ray's logical CPUs: they bound how many actors a node takes, not what they use."""
    resources_per_actor: Mapping[str, float] = field(default_factory=dict)
    """Custom Ray resources, such as `stand: 1` where nodes offer live stands."""
    max_restarts: int = 3
    """Times that Ray restarts one actor; then the pool starts a new one."""
    max_attempts: int = 3
    """Times that a job is tried while its actors die; the last time alone."""
    start_timeout_seconds: float = 120.0
    """How long the pool waits for a first actor to be placed and to answer."""

    def __post_init__(self) -> None:
        for name in ("actors", "max_attempts"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        for name in ("cpus_per_actor", "max_restarts", "start_timeout_seconds"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative, not {getattr(self, name)}")


@dataclass(frozen=True, kw_only=True)
class FillResult:
    """What became of every job of a fill."""

    summaries: tuple[EpisodeSummary, ...]
    """Runs that this fill played and committed."""
    found: tuple[str, ...]
    """Runs that were there already: from an earlier fill, or from an actor that died before it could say so."""
    errors: tuple[RolloutError, ...]
    unplayed: tuple[str, ...]
    """Runs not played because the fill was stopped."""

    @property
    def is_complete(self) -> bool:
        """Whether every job is committed."""
        return not self.errors and not self.unplayed


@dataclass(kw_only=True)
class _Worker:
    handle: Any
    call: Any = None
    """Future of the one call in flight; None while idle."""
    jobs: tuple[Job, ...] = ()
    """What the call plays; empty while the call only asks whether the actor is there."""
    is_ready: bool = False
    cluster: ClusterSpec | None = None
    """Where its stands are; None: simulated."""


def fill(
    jobs: Sequence[Job],
    dataset_dir: Path,
    spec: StandsSpec,
    settings: PoolSettings,
    *,
    on_result: Callable[[EpisodeSummary | RolloutError], None] = lambda result: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> FillResult:
    """Play and commit every job that is not committed yet.

    Args:
        jobs: what to play.
        dataset_dir: absolute path that every actor can write to.
        spec: what each actor holds.
        settings: size of the pool.
        on_result: called in the driver for every job that ends.
        should_stop: asked twice a second; once true, actors are ended and the rest stays unplayed.

    Raises:
        UserError: no actor could be started, or an actor met an error that only the user can mend.
    """
    with shared_readers(spec.inventory):
        return _Fill(jobs, dataset_dir, spec, settings, on_result).run(should_stop)


class _Fill:
    """The state of one fill."""

    def __init__(
        self,
        jobs: Sequence[Job],
        dataset_dir: Path,
        spec: StandsSpec,
        settings: PoolSettings,
        on_result: Callable[[EpisodeSummary | RolloutError], None],
    ) -> None:
        self._dataset_dir, self._spec, self._settings, self._on_result = dataset_dir, spec, settings, on_result
        self._found = [job.run_id for job in jobs if run_path(dataset_dir, job.run_id).is_dir()]
        found = set(self._found)
        todo = [job for job in jobs if job.run_id not in found]
        size = min(spec.stands_per_actor, max(1, ceil(len(todo) / settings.actors)))
        self._queue = deque(tuple(todo[start : start + size]) for start in range(0, len(todo), size))
        self._attempts: Counter[str] = Counter()
        self._summaries: list[EpisodeSummary] = []
        self._errors: list[RolloutError] = []
        self._starts_left = settings.actors * settings.max_attempts
        self._deal = _deal(spec.inventory)

    def run(self, should_stop: Callable[[], bool]) -> FillResult:
        """The loop."""
        workers = [self._start() for _ in range(min(self._settings.actors, len(self._queue)))]
        deadline = time.monotonic() + self._settings.start_timeout_seconds
        try:
            while (self._queue or any(worker.jobs for worker in workers)) and not should_stop():
                self._hand_out(workers)
                calls = {worker.call: worker for worker in workers if worker.call is not None}
                done, _ = ray.wait(list(calls), num_returns=1, timeout=_WAIT_SECONDS)
                for call in done:
                    self._take(calls[call], workers)
                if not any(worker.is_ready for worker in workers):
                    if time.monotonic() > deadline:
                        raise self._no_actor(f"none answered within {self._settings.start_timeout_seconds:.0f} s")
                else:
                    deadline = time.monotonic() + self._settings.start_timeout_seconds
        finally:
            _end(workers)
        rest = [job.run_id for group in (*self._queue, *(worker.jobs for worker in workers)) for job in group]
        unplayed = [run_id for run_id in rest if not run_path(self._dataset_dir, run_id).is_dir()]
        self._found += [run_id for run_id in rest if run_id not in unplayed]
        return FillResult(
            summaries=tuple(self._summaries),
            found=tuple(self._found),
            errors=tuple(self._errors),
            unplayed=tuple(unplayed),
        )

    def _start(self) -> _Worker:
        settings, spec, resources = self._settings, self._spec, dict(self._settings.resources_per_actor)
        cluster = self._deal.take() if self._deal else None
        if cluster is not None:
            resources[resource_of(cluster)] = 1.0
            spec = replace(spec, inventory=only(spec.live_inventory, cluster), has_shared_readers=True)
        remote = ray.remote(
            num_cpus=settings.cpus_per_actor,
            resources=resources,
            max_restarts=settings.max_restarts,
            max_task_retries=0,
        )(StandActor)
        return _Worker(handle=remote.remote(spec), cluster=cluster)

    def _hand_out(self, workers: Sequence[_Worker]) -> None:
        """Give every idle actor its next call: work if it has answered before, else the question whether it is there.

        A group goes only to an actor that answers, so work never waits behind an actor that no node has room for.
        """
        for worker in workers:
            if worker.call is not None:
                continue
            if not worker.is_ready:
                worker.call = worker.handle.process_id.remote()
            elif self._queue:
                worker.jobs = self._queue.popleft()
                self._attempts.update(job.run_id for job in worker.jobs)
                worker.call = worker.handle.play.remote(worker.jobs, str(self._dataset_dir))

    def _take(self, worker: _Worker, workers: list[_Worker]) -> None:
        """Take the answer of a call that ended, or put its work back if the actor was lost."""
        call, jobs = worker.call, worker.jobs
        worker.call, worker.jobs = None, ()
        try:
            answer = ray.get(call)
        except _LOST as error:
            worker.is_ready = False
            self._put_back(jobs, error)
            if isinstance(error, ActorUnavailableError):
                time.sleep(_WAIT_SECONDS)  # Ray is restarting it: do not ask in a busy loop.
            else:
                self._replace(worker, workers, error)
            return
        worker.is_ready = True
        for result in answer if jobs else ():
            self._note(result)

    def _note(self, result: EpisodeSummary | RolloutError) -> None:
        if isinstance(result, EpisodeSummary):
            self._summaries.append(result)
        elif result.kind == USER_ERROR:
            raise UserError(result.message)
        else:
            self._errors.append(result)
        self._on_result(result)

    def _put_back(self, jobs: Sequence[Job], error: Exception) -> None:
        """Requeue what a lost actor had not committed; a job's last attempt is alone, so that it takes none with it."""
        again = []
        for job in jobs:
            if run_path(self._dataset_dir, job.run_id).is_dir():
                self._found.append(job.run_id)
            elif self._attempts[job.run_id] >= self._settings.max_attempts:
                message = f"its actor died {self._attempts[job.run_id]} times: {error}"
                self._note(RolloutError(run_id=job.run_id, kind=type(error).__name__, message=message))
            else:
                again.append(job)
        alone = [job for job in again if self._attempts[job.run_id] == self._settings.max_attempts - 1]
        together = tuple(job for job in again if job not in alone)
        self._queue.extend([*((job,) for job in alone), *([together] if together else [])])

    def _replace(self, worker: _Worker, workers: list[_Worker], error: Exception) -> None:
        workers.remove(worker)
        if self._deal and worker.cluster:
            self._deal.give_back(worker.cluster)
        self._starts_left -= 1
        if self._starts_left > 0:
            workers.append(self._start())
        elif not workers:
            raise self._no_actor(f"every one died, the last with: {error}")

    def _no_actor(self, what: str) -> UserError:
        asked = {"CPU": self._settings.cpus_per_actor, **self._settings.resources_per_actor}
        offered = {name: ray.cluster_resources().get(name, 0.0) for name in asked}
        return UserError(
            f"no actor is left to play ({what}); each asks for {asked} and the cluster offers {offered}: lower "
            "cpus_per_actor, or start nodes that offer the resources"
        )


def _deal(inventory: Inventory | None) -> ClusterDeal | None:
    """How actors are dealt to clusters; None for simulated stands."""
    if inventory is None:
        return None
    from clusters.k3s.placement import free_stands

    return ClusterDeal(inventory, offered=ray.cluster_resources(), free=free_stands(inventory))


def _end(workers: Sequence[_Worker]) -> None:
    """Let idle actors give their stands back, then end all; what a busy one holds is free once its lease expires."""
    closing = [worker.handle.close.remote() for worker in workers if worker.is_ready and worker.call is None]
    if closing:
        ray.wait(closing, num_returns=len(closing), timeout=_CLOSE_SECONDS)
    for worker in workers:
        ray.kill(worker.handle)
