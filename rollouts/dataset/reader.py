"""Read runs: one whole episode, or of many runs what training needs, as arrays.

Legend: T buckets, K control steps.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario
from clusters.telemetry import TelemetryWindow
from envs.time_scales import TimeScales
from ray_configs.errors import UserError
from rollouts.dataset.actions import steps_from_rows
from rollouts.dataset.files import column_values, read_bytes, read_table, rows_of
from rollouts.dataset.graph import Graph, decode_graph
from rollouts.dataset.metadata import RunMetadata, decode_metadata
from rollouts.dataset.rewards import rewards_by_step
from rollouts.dataset.schema import ACTOR_ORCHESTRATOR, GRAPH_FILE, METADATA_FILE, RUN_PREFIX, TOTAL_REWARD
from rollouts.dataset.telemetry_tables import LEVELS, telemetry_window
from rollouts.episode import Episode, PolicySpec


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """A run as arrays: what a model is fitted on. Step k begins at bucket `warmup_buckets + k * buckets_per_step`."""

    run_id: str
    scenario: Scenario
    policy: PolicySpec
    time_scales: TimeScales
    telemetry: TelemetryWindow
    """The whole run, warm-up first."""
    actions: NDArray[np.int64]
    """[K] index in the catalogue."""
    probabilities: NDArray[np.float64]
    """[K] of the action under the behaviour policy; NaN: unknown."""
    applied: NDArray[np.bool_]
    """[K] whether the action took effect, or the stand was in the wanted state already."""
    rewards: NDArray[np.float64]
    """[K]"""
    reward_terms: dict[str, NDArray[np.float64]]
    """[K] each, weighted; 0 in a step that lacks the term."""

    @property
    def warmup_buckets(self) -> int:
        """Buckets before the first control step."""
        return round(self.scenario.warmup_seconds / self.time_scales.observation_bucket_seconds)


def list_runs(dataset_dir: Path) -> list[Path]:
    """The committed runs of a data set, by name.

    Raises:
        UserError: there is no such folder.
    """
    try:
        return sorted(path for path in dataset_dir.iterdir() if path.name.startswith(RUN_PREFIX) and path.is_dir())
    except OSError as error:
        raise UserError(
            f"cannot read the data set folder {dataset_dir}: {error.strerror}; give the folder that holds the "
            "run_<id> directories"
        ) from error


def read_metadata(path: Path) -> RunMetadata:
    """metadata.json of a run.

    Raises:
        UserError: it is missing or is no such document; the message names the file.
    """
    data = read_bytes(path / METADATA_FILE)
    try:
        return decode_metadata(data)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def read_graph(path: Path) -> Graph:
    """graph.json of a run.

    Raises:
        UserError: as `read_metadata`.
    """
    data = read_bytes(path / GRAPH_FILE)
    try:
        return decode_graph(data)
    except UserError as error:
        raise UserError(f"{path}: {error}") from error


def read_run(path: Path) -> Episode:
    """The episode that a run directory holds, equal to the one that was written.

    Raises:
        UserError: a file is missing, damaged or does not fit the others; the message names it and the fix.
    """
    metadata = read_metadata(path)
    rewards = rewards_by_step(read_table(path / "rewards.parquet", ["step", "reward_name", "value"]))
    rows = rows_of(read_table(path / "actions.parquet"))
    try:
        steps = steps_from_rows(rows, rewards)
    except (ValueError, KeyError, TypeError) as error:
        raise _unfit(path / "actions.parquet", error) from error
    return Episode(
        run_id=metadata.run_id,
        scenario=metadata.scenario,
        seed=metadata.seed,
        policy=metadata.policy,
        time_scales=metadata.granularity_config,
        telemetry=_telemetry(path, metadata.granularity_config.observation_bucket_seconds),
        steps=steps,
        end_reason=metadata.end_reason,
    )


def read_telemetry(paths: Iterable[Path]) -> list[TelemetryWindow]:
    """The whole telemetry of each run, in the order of `paths`.

    Raises:
        UserError: as `read_run`.
    """
    return [_telemetry(path, read_metadata(path).granularity_config.observation_bucket_seconds) for path in paths]


def read_trajectories(paths: Iterable[Path]) -> list[Trajectory]:
    """Each run as arrays, in the order of `paths`; several times faster than whole episodes.

    Raises:
        UserError: as `read_run`.
    """
    return [_trajectory(path) for path in paths]


def _trajectory(path: Path) -> Trajectory:
    metadata = read_metadata(path)
    rewards = rewards_by_step(read_table(path / "rewards.parquet", ["step", "reward_name", "value"]))
    table = read_table(path / "actions.parquet", ["actor", "action_index", "probability", "status"])
    operator = np.array([actor != ACTOR_ORCHESTRATOR for actor in table["actor"].to_pylist()], dtype=np.bool_)
    status = np.array(table["status"].to_pylist(), dtype=np.str_)
    if int(operator.sum()) != len(rewards):
        raise _unfit(path / "rewards.parquet", ValueError(f"{len(rewards)} steps here, {operator.sum()} of actions"))
    names = {name: None for terms in rewards.values() for name in terms}
    columns = {name: np.array([terms.get(name, 0.0) for terms in rewards.values()]) for name in names}
    return Trajectory(
        run_id=metadata.run_id,
        scenario=metadata.scenario,
        policy=metadata.policy,
        time_scales=metadata.granularity_config,
        telemetry=_telemetry(path, metadata.granularity_config.observation_bucket_seconds),
        actions=column_values(table, "action_index")[operator].astype(np.int64),
        probabilities=column_values(table, "probability")[operator].astype(np.float64),
        applied=np.isin(status, ("applied", "already_there"))[operator],
        rewards=columns.pop(TOTAL_REWARD, np.zeros(0)),
        reward_terms=columns,
    )


def _telemetry(path: Path, bucket_seconds: float) -> TelemetryWindow:
    columns: dict[str, dict[str, NDArray[Any]]] = {}
    for level in LEVELS:
        names = ["time", *level.signal_names]
        table = read_table(path / level.file, names)
        columns[level.file] = {name: column_values(table, name) for name in names}
    try:
        return telemetry_window(columns, bucket_seconds)
    except ValueError as error:
        raise UserError(f"{path}: {error}; delete the run directory and collect the run again") from error


def _unfit(path: Path, error: Exception) -> UserError:
    return UserError(f"{path} does not fit the run ({error}); delete the run directory and collect it again")
