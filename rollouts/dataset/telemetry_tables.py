"""Telemetry window <-> the four feature tables: one row per bucket and entity, bucket-major, entities in graph order.

Legend: T buckets, X entities of a level (services, edges, journeys; one for the stand), F signals of the level.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clusters.telemetry import (
    EDGE_SIGNALS,
    JOURNEY_SIGNALS,
    NODE_SIGNALS,
    STAND_SIGNALS,
    Signal,
    TelemetryWindow,
    signal_index,
)
from rollouts.dataset.graph import Graph
from rollouts.dataset.schema import EDGE_FEATURES, JOURNEY_FEATURES, NODE_FEATURES, STAND_FEATURES


@dataclass(frozen=True, kw_only=True)
class Level:
    """One feature table."""

    file: str
    field: str
    """Attribute of TelemetryWindow."""
    schema: Any
    signals: tuple[Signal, ...]
    keys: tuple[str, ...]
    """Columns that name the entity."""

    def entities(self, graph: Graph) -> list[tuple[str, ...]]:
        """[X] the keys' values, in row order."""
        match self.field:
            case "nodes":
                return [(node.name,) for node in graph.nodes]
            case "edges":
                return [(edge.source, edge.target, edge.protocol) for edge in graph.edges]
            case "journeys":
                return [(journey.name,) for journey in graph.journeys]
            case _:
                return [()]

    @property
    def signal_names(self) -> list[str]:
        """[F] names of the value columns that a window holds."""
        return [signal.name for signal in self.signals]


LEVELS: tuple[Level, ...] = (
    Level(file="node_features.parquet", field="nodes", schema=NODE_FEATURES, signals=NODE_SIGNALS, keys=("service",)),
    Level(
        file="edge_features.parquet",
        field="edges",
        schema=EDGE_FEATURES,
        signals=EDGE_SIGNALS,
        keys=("source", "target", "protocol"),
    ),
    Level(
        file="journey_features.parquet",
        field="journeys",
        schema=JOURNEY_FEATURES,
        signals=JOURNEY_SIGNALS,
        keys=("journey",),
    ),
    Level(file="stand_features.parquet", field="stand", schema=STAND_FEATURES, signals=STAND_SIGNALS, keys=()),
)


def telemetry_tables(run_id: str, telemetry: TelemetryWindow, graph: Graph) -> dict[str, Any]:
    """File -> table. ValueError if an array does not fit the graph."""
    return {level.file: _encode(level, run_id, telemetry, graph) for level in LEVELS}


def telemetry_window(columns: Mapping[str, Mapping[str, NDArray[Any]]], bucket_seconds: float) -> TelemetryWindow:
    """The window from file -> column -> [T * X] values. ValueError if the tables do not fit each other."""
    stand_times = columns["stand_features.parquet"]["time"]
    arrays = {}
    for level in LEVELS:
        arrays[level.field] = _decode(level, columns[level.file], stand_times)
    return TelemetryWindow(
        bucket_seconds=bucket_seconds,
        times_ns=stand_times,
        nodes=arrays["nodes"],
        edges=arrays["edges"],
        journeys=arrays["journeys"],
        stand=arrays["stand"],
    )


def _encode(level: Level, run_id: str, telemetry: TelemetryWindow, graph: Graph) -> Any:
    times_ns = np.asarray(telemetry.times_ns, dtype=np.int64)
    entities = level.entities(graph)
    num_rows = len(times_ns) * len(entities)
    values = np.asarray(getattr(telemetry, level.field), dtype=np.float32)
    expected = _shape(level, len(times_ns), len(entities))
    if values.shape != expected:
        raise ValueError(f"telemetry.{level.field} is {values.shape}, the application's graph needs {expected}")
    feature_major = np.ascontiguousarray(values.reshape(num_rows, len(level.signals)).T)
    columns = [
        pa.array(np.repeat(times_ns, len(entities))).cast(level.schema.field("time").type),
        _repeated([run_id], np.zeros(num_rows, dtype=np.int32)),
    ]
    positions = np.tile(np.arange(len(entities), dtype=np.int32), len(times_ns))
    for key in range(len(level.keys)):
        columns.append(_repeated([entity[key] for entity in entities], positions))
    columns += [pa.array(row) for row in feature_major]
    if level.field == "edges":
        columns += _status_counts(feature_major, telemetry.bucket_seconds)
    return pa.Table.from_arrays(columns, schema=level.schema)


def _status_counts(feature_major: NDArray[np.float32], bucket_seconds: float) -> list[Any]:
    """Calls of the bucket that succeeded, and that failed. The error ratio of no calls is no number."""
    rates = feature_major[signal_index(EDGE_SIGNALS, "request_rate_rps")]
    ratios = feature_major[signal_index(EDGE_SIGNALS, "error_ratio")]
    calls = rates * np.float32(bucket_seconds)
    errors = np.where(rates == 0, np.float32(0), calls * ratios)
    return [pa.array(calls - errors), pa.array(errors)]


def _repeated(values: Sequence[str], positions: NDArray[np.int32]) -> Any:
    return pa.array(values, type=pa.string()).take(pa.array(positions))


def _decode(level: Level, columns: Mapping[str, NDArray[Any]], times_ns: NDArray[np.int64]) -> NDArray[np.float32]:
    num_rows, num_buckets = len(columns["time"]), len(times_ns)
    if not num_buckets or num_rows % num_buckets:
        raise ValueError(f"{level.file} has {num_rows} rows, no multiple of the {num_buckets} buckets of the run")
    num_entities = num_rows // num_buckets
    if (columns["time"].reshape(num_buckets, num_entities) != times_ns[:, None]).any():
        raise ValueError(f"{level.file} does not have the rows of each bucket together, in the order of time")
    values = np.stack([columns[name] for name in level.signal_names], axis=-1)
    return values.reshape(_shape(level, num_buckets, num_entities))


def _shape(level: Level, num_buckets: int, num_entities: int) -> tuple[int, ...]:
    """[T, X, F], or [T, F] of the stand."""
    return (num_buckets, *((num_entities,) if level.keys else ()), len(level.signals))
