"""Run directories -> training windows.

    episodes -> frames (all buckets of all runs, end to end) -> one window per control step with a full past and future

A window is an offset into the frames, so a few hundred runs stay small and a batch is one gather.
Legend: N frames (buckets), W windows, T history, H future buckets, K control steps, S services, E edges, J journeys,
P parts of the reward.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Split
from clusters.telemetry import TelemetryWindow
from clusters.topology import Application
from envs.actions.action import ACTION_TYPES, ActionFeatures, ActionType
from envs.service_levels import violations
from learners.world_models.layout import HORIZON_STEPS, Layout
from learners.world_models.twins import Play, find_twins, play_of
from ray_configs.errors import UserError
from rollouts.episode import Episode, StepRecord

RECOVERY_SECONDS = 60.0
"""A window counts as recovered if every objective is met over its last minute."""
REWARD_PARTS = ("users", "cost", "upkeep")
"""The parts of a reward that are learnt apart, each on its own scale: what users get (noisy and large), the price of
reserved resources, and what changes and restarts cost (small, and nearly a function of the action)."""
_PART_OF_TERM = {
    "slo_violation": "users",
    "latency_excess": "users",
    "error_rate": "users",
    "recovery_time": "users",
    "resource_cost": "cost",
}
"""Terms that are not named here are upkeep."""

FeaturesOf = Callable[[NDArray[np.int64]], ActionFeatures]
"""Catalogue indices -> action features."""


@dataclass(frozen=True, kw_only=True)
class Frames:
    """Raw telemetry of N buckets; NaN where a value is missing."""

    nodes: NDArray[np.float32]
    """[N, S, F]"""
    edges: NDArray[np.float32]
    """[N, E, F]"""
    journeys: NDArray[np.float32]
    """[N, J, F]"""
    stand: NDArray[np.float32]
    """[N, F]"""

    def part(self, rows: slice) -> "Frames":
        """Some of the frames, not copied."""
        return Frames(
            nodes=self.nodes[rows], edges=self.edges[rows], journeys=self.journeys[rows], stand=self.stand[rows]
        )

    @classmethod
    def of(cls, windows: Sequence[TelemetryWindow]) -> "Frames":
        """Telemetry of several single stands, end to end."""
        return cls(
            nodes=np.concatenate([window.nodes for window in windows]),
            edges=np.concatenate([window.edges for window in windows]),
            journeys=np.concatenate([window.journeys for window in windows]),
            stand=np.concatenate([window.stand for window in windows]),
        )


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Training windows over shared frames."""

    layout: Layout
    frames: Frames
    starts: NDArray[np.int64]
    """[W] position of the first future bucket; the history is the T buckets before it."""
    chunk: ActionFeatures
    """[W, K] the actions of the future control steps."""
    rewards: NDArray[np.float32]
    """[W, K, P] parts of the reward of each future control step, in the order of REWARD_PARTS."""
    violated: NDArray[np.bool_]
    """[W, K] whether any objective is violated in any of its buckets."""
    recovered: NDArray[np.bool_]
    """[W] whether every objective is met over the last minute."""
    twins: NDArray[np.int64]
    """[W] the window of the same stand and moment after which nothing was done: same history, same randomness, so that
    the difference is the actions' doing. -1: there is none."""
    scenarios: NDArray[np.str_]
    """[W] names."""
    is_validation: NDArray[np.bool_]
    """[W]"""

    def __len__(self) -> int:
        """W."""
        return len(self.starts)

    @property
    def is_decisive(self) -> NDArray[np.bool_]:
        """[W] whether it starts with an action and has a twin: it says what an action now is worth."""
        return self.acts_now & (self.twins >= 0)

    @property
    def acts_now(self) -> NDArray[np.bool_]:
        """[W] whether it starts with an action."""
        return np.asarray(self.chunk.type_ids[:, 0] != ACTION_TYPES.index(ActionType.DO_NOTHING))

    @property
    def returns(self) -> NDArray[np.float32]:
        """[W] mean reward per future control step."""
        return np.asarray(self.rewards.sum(axis=2).mean(axis=1))

    @property
    def history_positions(self) -> NDArray[np.int64]:
        """[W, T] frames of each window's past."""
        return self.starts[:, None] + np.arange(-self.layout.history_buckets, 0)

    @property
    def future_positions(self) -> NDArray[np.int64]:
        """[W, H] frames of each window's future."""
        return self.starts[:, None] + np.arange(self.layout.horizon_buckets)

    def select(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Windows":
        """Some of the windows, over the same frames. A twin that is left behind is lost."""
        chunk = self.chunk
        kept = np.arange(len(self))[which]
        places = np.full(len(self) + 1, -1)  # the last one is where -1 points
        places[kept] = np.arange(len(kept))
        return Windows(
            layout=self.layout,
            frames=self.frames,
            starts=self.starts[which],
            chunk=ActionFeatures(
                type_ids=chunk.type_ids[which], target_ids=chunk.target_ids[which], levels=chunk.levels[which]
            ),
            rewards=self.rewards[which],
            violated=self.violated[which],
            recovered=self.recovered[which],
            twins=places[self.twins[which]],
            scenarios=self.scenarios[which],
            is_validation=self.is_validation[which],
        )

    def split(self) -> tuple["Windows", "Windows"]:
        """(training, validation)."""
        return self.select(~self.is_validation), self.select(self.is_validation)


def in_validation(episode: Episode, share: float) -> bool:
    """Whether an episode's scenario is for validation: by its split, or a stable hash of a training scenario's name."""
    if episode.scenario.split is Split.TRAIN:
        return crc32(episode.scenario.name.encode()) % 1000 < 1000 * share
    return episode.scenario.split is Split.VALIDATION


def windows_of(
    episodes: Iterable[Episode], application: Application, features_of: FeaturesOf, *, validation_share: float
) -> Windows:
    """Every window of the episodes.

    `validation_share` of the training scenarios are set aside where the episodes hold no validation scenario.

    Raises:
        UserError: the episodes differ in their application or time scales, hold a test scenario, or are too short.
    """
    episodes = list(episodes)
    if not episodes:
        raise UserError("no episodes to learn from; collect some with `python -m rollouts collect`")
    layout = Layout.of(application, episodes[0].time_scales)
    for episode in episodes:
        _check(episode, layout, episodes[0])
    share = 0.0 if any(e.scenario.split is Split.VALIDATION for e in episodes) else validation_share
    parts: list[_Part] = []
    offset = 0
    for episode in episodes:
        parts.append(_windows_of_one(episode, application, layout, features_of, offset, in_validation(episode, share)))
        offset += episode.telemetry.num_buckets
    if not sum(len(part.starts) for part in parts):
        raise UserError(f"no episode has {HORIZON_STEPS} steps after a full history; collect longer episodes")
    return _joined(layout, Frames.of([episode.telemetry for episode in episodes]), parts)


def read_windows(dataset: Path, *, validation_share: float = 0.15) -> Windows:
    """Every window of a data set of run directories.

    Raises:
        UserError: no data set there, or as `windows_of`.
    """
    from clusters.applications import load_application
    from envs.actions.catalogue import ActionCatalogue
    from rollouts.dataset.reader import list_runs, read_run

    runs = list_runs(dataset)
    if not runs:
        raise UserError(f"{dataset} holds no run; collect some with `python -m rollouts collect`")
    episodes = [read_run(run) for run in runs]
    application = load_application(episodes[0].scenario.application)
    catalogue = ActionCatalogue(application)
    return windows_of(episodes, application, catalogue.features, validation_share=validation_share)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One episode's windows; fields as in `Windows`."""

    starts: NDArray[np.int64]
    chunk: ActionFeatures
    rewards: NDArray[np.float32]
    violated: NDArray[np.bool_]
    recovered: NDArray[np.bool_]
    play: Play
    is_validation: bool


def _check(episode: Episode, layout: Layout, first: Episode) -> None:
    if episode.scenario.application != layout.application or episode.time_scales != first.time_scales:
        raise UserError(
            f"run {episode.run_id} has another application or other time scales than {first.run_id}; "
            "keep one data set per application and time grid"
        )
    if episode.scenario.split is Split.TEST:
        raise UserError(
            f"run {episode.run_id} plays the test scenario {episode.scenario.name}; learn from train runs only"
        )


def _windows_of_one(
    episode: Episode,
    application: Application,
    layout: Layout,
    features_of: FeaturesOf,
    offset: int,
    is_validation: bool,
) -> _Part:
    num_steps, per_step = len(episode.steps), layout.buckets_per_step
    warmup = episode.telemetry.num_buckets - num_steps * per_step
    first = max(0, -(-(layout.history_buckets - warmup) // per_step))
    steps = np.arange(first, max(first, num_steps - HORIZON_STEPS + 1))
    ahead = steps[:, None] + np.arange(HORIZON_STEPS)  # [W, K]
    rewards = np.array([_reward_parts(step) for step in episode.steps], np.float32)
    bad = violations(episode.telemetry, application)[warmup:]
    bad_steps = np.any(bad.reshape(num_steps, per_step), axis=1, keepdims=True)[:, 0]
    last_minute = round(RECOVERY_SECONDS / layout.bucket_seconds)
    ends = (steps + HORIZON_STEPS) * per_step
    return _Part(
        starts=offset + warmup + steps * per_step,
        chunk=features_of(np.array([step.action for step in episode.steps], np.int64)[ahead]),
        rewards=rewards[ahead],
        violated=bad_steps[ahead],
        recovered=~np.any(bad[ends[:, None] - np.arange(1, last_minute + 1)], axis=1, keepdims=True)[:, 0],
        play=play_of(episode, steps),
        is_validation=is_validation,
    )


def _reward_parts(step: StepRecord) -> list[float]:
    parts = dict.fromkeys(REWARD_PARTS, 0.0)
    for term, value in step.reward_terms.items():
        parts[_PART_OF_TERM.get(term, "upkeep")] += value
    return list(parts.values())


def _joined(layout: Layout, frames: Frames, parts: Sequence[_Part]) -> Windows:
    counts = [len(part.starts) for part in parts]
    return Windows(
        layout=layout,
        frames=frames,
        starts=np.concatenate([part.starts for part in parts]),
        chunk=ActionFeatures(
            type_ids=np.concatenate([part.chunk.type_ids for part in parts]),
            target_ids=np.concatenate([part.chunk.target_ids for part in parts]),
            levels=np.concatenate([part.chunk.levels for part in parts]),
        ),
        rewards=np.concatenate([part.rewards for part in parts]),
        violated=np.concatenate([part.violated for part in parts]),
        recovered=np.concatenate([part.recovered for part in parts]),
        twins=find_twins([part.play for part in parts], HORIZON_STEPS),
        scenarios=np.repeat([part.play.stand[0] for part in parts], counts),
        is_validation=np.repeat([part.is_validation for part in parts], counts),
    )
