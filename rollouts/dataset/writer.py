"""Commit a run: episode -> tables -> files in a hidden directory -> one rename, so that no reader sees half a run."""

import os
import shutil
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from clusters.applications import load_application
from envs.actions.action import Action
from envs.actions.catalogue import ActionCatalogue
from ray_configs.errors import UserError
from rollouts.dataset.actions import actions_table
from rollouts.dataset.events import events_table
from rollouts.dataset.files import parquet_bytes
from rollouts.dataset.graph import Graph, encode_graph, graph_of
from rollouts.dataset.labels import labels_table
from rollouts.dataset.metadata import SIMULATED_DEPLOYMENT, Deployment, build_metadata, encode_metadata
from rollouts.dataset.rewards import rewards_table
from rollouts.dataset.schema import (
    GRAPH_FILE,
    METADATA_FILE,
    RUN_PREFIX,
    TORN_PREFIX,
)
from rollouts.dataset.stream_files import encode_streams
from rollouts.dataset.telemetry_tables import telemetry_tables
from rollouts.episode import Episode


class _Context(NamedTuple):
    """What all runs of an application share."""

    graph: Graph
    graph_bytes: bytes
    catalogue: tuple[Action, ...]


def run_path(dataset_dir: Path, run_id: str) -> Path:
    """Where a run is committed."""
    return dataset_dir / f"{RUN_PREFIX}{run_id}"


def write_run(episode: Episode, dataset_dir: Path, *, deployment: Deployment = SIMULATED_DEPLOYMENT) -> Path:
    """Commit an episode as `run_<run_id>/`, durable once this returns. A run that is there already is left untouched.

    Raises:
        UserError: it cannot be written: the disk is full, say. Nothing of it is left, committed runs are untouched.
        ValueError: the episode does not fit its application.
    """
    final = run_path(dataset_dir, episode.run_id)
    if final.exists():
        return final
    files = _encode(episode, deployment)
    temporary = dataset_dir / f"{TORN_PREFIX}{episode.run_id}-{os.getpid()}-{uuid4().hex[:8]}"
    try:
        dataset_dir.mkdir(parents=True, exist_ok=True)
        _commit(files, temporary, final)
    except OSError as error:
        raise UserError(
            f"cannot write run {episode.run_id} into {dataset_dir}: {error.strerror or error}; free some space there "
            "or name another data set folder, then run the same command to resume"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return final


def _encode(episode: Episode, deployment: Deployment) -> dict[str, Any]:
    """File -> bytes."""
    bucket_seconds = episode.time_scales.observation_bucket_seconds
    if episode.telemetry.bucket_seconds != bucket_seconds:
        raise ValueError(f"telemetry of {episode.telemetry.bucket_seconds} s buckets, time scales of {bucket_seconds}")
    graph, graph_bytes, catalogue = _context(episode.scenario.application)
    tables = telemetry_tables(episode.run_id, episode.telemetry, graph) | {
        "actions.parquet": actions_table(episode, catalogue),
        "events.parquet": events_table(episode, catalogue, graph),
        "labels.parquet": labels_table(episode, catalogue),
        "rewards.parquet": rewards_table(episode),
    }
    return (
        {METADATA_FILE: encode_metadata(build_metadata(episode, catalogue, deployment)), GRAPH_FILE: graph_bytes}
        | {name: parquet_bytes(table) for name, table in tables.items()}
        | encode_streams(episode.run_id, episode.streams)
    )


@cache
def _context(application_name: str) -> _Context:
    application = load_application(application_name)
    graph = graph_of(application)
    return _Context(graph, encode_graph(graph), ActionCatalogue(application).actions)


def _commit(files: dict[str, Any], temporary: Path, final: Path) -> None:
    temporary.mkdir()
    for name, data in files.items():
        with (temporary / name).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    _sync_directory(temporary)
    try:
        temporary.rename(final)
    except OSError:
        # Another writer of the same run came first: the same job makes the same run, so its copy is as good.
        if not final.is_dir():
            raise
    _sync_directory(final.parent)


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
