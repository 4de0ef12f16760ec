"""Read runs: which there are, and one as the episode that was written. Several hundred take a few seconds."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from clusters.streams import StandStreams
from clusters.telemetry import TelemetryWindow
from ray_configs.errors import UserError
from rollouts.dataset.actions import steps_from_rows
from rollouts.dataset.files import column_values, read_bytes, read_table, rows_of
from rollouts.dataset.graph import Graph, decode_graph
from rollouts.dataset.metadata import RunMetadata, decode_metadata
from rollouts.dataset.rewards import rewards_by_step
from rollouts.dataset.schema import GRAPH_FILE, METADATA_FILE, RUN_PREFIX
from rollouts.dataset.stream_files import read_streams
from rollouts.dataset.telemetry_tables import LEVELS, telemetry_window
from rollouts.episode import Episode


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


def read_run(path: Path, *, with_streams: bool = False) -> Episode:
    """The episode that a run directory holds, equal to the one that was written but for its streams.

    Args:
        path: the run directory.
        with_streams: whether to read those too; they are larger than all else.

    Raises:
        UserError: a file is missing, damaged or does not fit the others; the message names it and the fix.
    """
    metadata = read_metadata(path)
    rewards = rewards_by_step(read_table(path / "rewards.parquet", ["step", "reward_name", "value"]))
    rows = rows_of(read_table(path / "actions.parquet"))
    try:
        steps = steps_from_rows(rows, rewards)
    except (ValueError, KeyError, TypeError) as error:
        raise _unfit(path / "actions.parquet", str(error)) from error
    for name, num_steps in (("actions.parquet", len(steps)), ("rewards.parquet", len(rewards))):
        if num_steps != metadata.num_steps:
            raise _unfit(path / name, f"{num_steps} steps, metadata.json says {metadata.num_steps}")
    return Episode(
        run_id=metadata.run_id,
        scenario=metadata.scenario,
        seed=metadata.seed,
        policy=metadata.policy,
        time_scales=metadata.granularity_config,
        telemetry=_telemetry(path, metadata.granularity_config.observation_bucket_seconds),
        steps=steps,
        end_reason=metadata.end_reason,
        scraping=metadata.scraping,
        streams_on=tuple(stream.name for stream in fields(StandStreams) if metadata.streams.get(stream.name, False)),
        streams=read_streams(path) if with_streams else StandStreams(),
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


def _unfit(path: Path, reason: str) -> UserError:
    return UserError(f"{path} does not fit the run ({reason}); delete the run directory and collect the run again")
