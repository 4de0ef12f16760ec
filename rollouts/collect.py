"""config -> jobs -> pool of actors -> run directories -> summary: the fill of a data set."""

import json
import shutil
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import FrameType

import numpy as np
from rich.console import Console
from rich.table import Table

from clusters.k3s.inventory import Inventory
from clusters.simulated.telemetry.scraping import Scraping
from clusters.streams import StreamsSpec
from envs.rewards.reward_function import RewardWeights
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.actor import check_policies
from rollouts.collect_arguments import CollectArguments
from rollouts.dataset.reader import list_runs, read_metadata
from rollouts.dataset.schema import TORN_PREFIX
from rollouts.dataset.writer import run_path
from rollouts.episode import EpisodeSummary, Job, RolloutError
from rollouts.jobs import PairedPolicy, PolicyShare, ScenarioDraw, draw_jobs
from rollouts.live_dealing import stand_resources
from rollouts.pool import FillResult, PoolSettings, fill
from rollouts.progress import progress
from rollouts.ray_session import RaySettings, ray_session
from rollouts.stands import LIVE, StandsSpec

_MAX_ERRORS_SHOWN = 5
FAILURES_FILE = "failures.jsonl"
"""Beside the runs: one line per try of an episode that failed, with its reason."""


@dataclass(frozen=True, kw_only=True)
class CollectConfig:
    """What a fill plays, and with what."""

    scenarios: tuple[ScenarioDraw, ...]
    dataset: str
    """Folder of the data set; a relative one is taken from the current directory."""
    policies: tuple[PolicyShare, ...] = ()
    """Dealt by their shares: each scenario is played by one of them."""
    paired: tuple[PairedPolicy, ...] = ()
    """Each plays every scenario, besides the policy that is dealt to it."""
    application: str = "small-core"
    backend: str = "simulated"
    inventory: str = ""
    """YAML of the clusters that live stands may be on, for example ray_configs/stands/lab.yaml; a relative path is
    taken from the current directory."""
    seed: int = 0
    """Drives the stands' randomness and which scenario falls to which policy."""
    stands_per_actor: int = 16
    pool: PoolSettings = field(default_factory=PoolSettings)
    time_scales: TimeScales = field(default_factory=TimeScales)
    reward: RewardWeights = field(default_factory=RewardWeights)
    scraping: Scraping | None = None
    """How telemetry of simulated stands is collected; None: as it is."""
    streams: StreamsSpec = field(default_factory=StreamsSpec)
    """What is recorded beside telemetry."""
    ray: RaySettings = field(default_factory=RaySettings)

    def __post_init__(self) -> None:
        if not self.paired and not self.policies:
            raise ValueError("policies or paired must name at least one policy")
        if self.policies and not sum(policy.share for policy in self.policies) > 0:
            raise ValueError("policies must hold at least one with a share above 0")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, not {self.seed}")
        if self.stands_per_actor < 1:
            raise ValueError(f"stands_per_actor must be at least 1, not {self.stands_per_actor}")
        if (self.backend == LIVE) != bool(self.inventory):
            raise ValueError(f"backend {LIVE} and inventory come together: give both or neither")
        if self.backend == LIVE and any(draw.check_impact for draw in self.scenarios):
            raise ValueError(
                f"check_impact plays simulated stands; for backend {LIVE} leave it out, and measure what was recorded "
                "with python -m rollouts impact and the data set's folder"
            )

    def stands(self) -> StandsSpec:
        """What each actor holds."""
        return StandsSpec(
            application=self.application,
            backend=self.backend,
            stands_per_actor=self.stands_per_actor,
            time_scales=self.time_scales,
            reward=self.reward,
            scraping=self.scraping,
            streams=self.streams,
            inventory=load(self.inventory, Inventory) if self.inventory else None,
        )


@dataclass(frozen=True, kw_only=True)
class CollectResult:
    """A fill that ended."""

    dataset_dir: Path
    jobs: tuple[Job, ...]
    fill: FillResult
    seconds: float


def collect_command(arguments: CollectArguments) -> int:
    """Run a fill from the command line; 0 only if every job is committed."""
    config = load(arguments.config, CollectConfig)
    console = Console()
    result = collect(config, arguments.out, resume=arguments.resume, console=console)
    print_summary(result, console)
    return 0 if result.fill.is_complete else 1


def collect(
    config: CollectConfig, out: Path | None = None, *, resume: bool = False, console: Console | None = None
) -> CollectResult:
    """Play every job of `config` and commit it under `out` (or the config's data set).

    SIGTERM and SIGINT stop it: committed runs stay, and the result says what is left.

    Raises:
        UserError: bad input, runs that are there already without `resume` or that this program cannot read, or no place
            to write to or to play on.
    """
    started = time.monotonic()
    # Absolute, because a job and its actors may have another working directory.
    dataset_dir = Path(out or config.dataset).absolute()
    spec = config.stands()
    jobs = draw_jobs(spec, config.scenarios, config.policies, config.seed, config.paired)
    check_policies(spec, jobs)
    num_left = len(jobs) - _make_dataset(dataset_dir, jobs, resume)
    with (
        ray_session(session_settings(config.ray, spec)),
        stop_on_signal() as stop,
        progress("episodes", num_left, console) as advance,
    ):

        def on_result(result: EpisodeSummary | RolloutError) -> None:
            advance()
            if isinstance(result, RolloutError):
                _record_failure(dataset_dir, result)

        outcome = fill(jobs, dataset_dir, spec, config.pool, on_result=on_result, should_stop=stop.is_set)
    _remove_torn(dataset_dir, jobs)
    return CollectResult(dataset_dir=dataset_dir, jobs=jobs, fill=outcome, seconds=time.monotonic() - started)


def session_settings(settings: RaySettings, spec: StandsSpec) -> RaySettings:
    """The settings of a local session, which offers all live stands of the spec."""
    if spec.inventory is None:
        return settings
    return replace(settings, resources={**stand_resources(spec.inventory), **settings.resources})


def _record_failure(dataset_dir: Path, error: RolloutError) -> None:
    """Keep why an episode is not in the data set, beside it."""
    with (dataset_dir / FAILURES_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(error)) + "\n")


def _make_dataset(dataset_dir: Path, jobs: Sequence[Job], resume: bool) -> int:
    """Make the folder; returns how many of the jobs are committed there already.

    Every run in it is opened, so that a fill is not played into a data set that nobody can train on.
    """
    try:
        dataset_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make {dataset_dir}: {error.strerror}; give another --out") from error
    num_there = sum(run_path(dataset_dir, job.run_id).is_dir() for job in jobs)
    if num_there and not resume:
        raise UserError(
            f"{dataset_dir} holds {num_there} of the {len(jobs)} runs already: add --resume to play the rest, or give "
            "another --out"
        )
    for path in list_runs(dataset_dir):
        read_metadata(path)
    return num_there


def _remove_torn(dataset_dir: Path, jobs: Sequence[Job]) -> None:
    """Delete what actors of this fill left behind when they were killed; another fill's files stay."""
    ours = {job.run_id for job in jobs}
    for path in dataset_dir.glob(f"{TORN_PREFIX}*"):
        if path.name.removeprefix(TORN_PREFIX).split("-")[0] in ours:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set inside the block; a second signal has its usual effect.

    Entered after Ray has started, because Ray installs handlers of its own. Only the main thread can have handlers.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def print_summary(result: CollectResult, console: Console) -> None:
    """Print returns by policy, what was committed and what failed."""
    """Say what became of the jobs: returns by policy, how many are committed, what failed, what is left."""
    policies = {job.run_id: job.policy.name for job in result.jobs}
    returns = defaultdict(list)
    for summary in result.fill.summaries:
        returns[policies[summary.run_id]].append(summary.episode_return)
    table = Table("policy", "episodes", "mean return", "worst", "best")
    for name, values in sorted(returns.items()):
        cells = (np.mean(values), min(values), max(values))
        table.add_row(name, str(len(values)), *(f"{value:.2f}" for value in cells))
    if returns:
        console.print(table)
    played, found, jobs = len(result.fill.summaries), len(result.fill.found), len(result.jobs)
    console.print(
        f"{played + found} of {jobs} episodes committed ({found} found there) in {result.seconds:.1f} s, "
        f"{played / result.seconds:.1f} per second: {result.dataset_dir}",
        highlight=False,
        soft_wrap=True,
    )
    for error in result.fill.errors[:_MAX_ERRORS_SHOWN]:
        console.print(f"failed: run {error.run_id}: {error.kind}: {error.message}", highlight=False, soft_wrap=True)
    if len(result.fill.errors) > _MAX_ERRORS_SHOWN:
        console.print(f"... and {len(result.fill.errors) - _MAX_ERRORS_SHOWN} more failed", highlight=False)
    if result.fill.unplayed:
        console.print(f"stopped with {len(result.fill.unplayed)} to play: add --resume to go on", highlight=False)
