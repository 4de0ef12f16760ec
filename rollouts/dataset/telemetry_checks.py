"""Checks of the four feature tables: buckets at their times, entities as in the graph, values that can be."""

from collections.abc import Iterator

import numpy as np

from rollouts.dataset.files import column_values
from rollouts.dataset.metadata import rfc3339
from rollouts.dataset.opened_run import Finding, OpenedRun
from rollouts.dataset.telemetry_tables import LEVELS

_ROUNDING = 1e-5


def check_buckets(run: OpenedRun) -> Iterator[Finding]:
    """Buckets follow each other without a gap from run_start to run_end, and number as many as the steps need."""
    scales, metadata = run.metadata.granularity_config, run.metadata
    bucket_ns = round(scales.observation_bucket_seconds * 1e9)
    num_warmup = round(metadata.scenario.warmup_seconds / scales.observation_bucket_seconds)
    num_buckets = num_warmup + metadata.num_steps * scales.buckets_per_step
    for level in LEVELS:
        if level.file not in run.tables:
            continue
        times = column_values(run.tables[level.file], "time")
        buckets = np.unique(times)
        if (np.diff(times) < 0).any():
            yield level.file, "times go backwards"
        elif (np.diff(buckets) != bucket_ns).any():
            yield level.file, f"buckets are not {scales.observation_bucket_seconds:g} s apart everywhere"
        elif len(buckets) != num_buckets:
            yield (
                level.file,
                f"{len(buckets)} buckets, but the warm-up and {metadata.num_steps} steps make {num_buckets}",
            )
        elif num_buckets and rfc3339(int(buckets[0])) != metadata.run_start:
            yield level.file, f"starts at {rfc3339(int(buckets[0]))}, metadata.json says {metadata.run_start}"
        elif num_buckets and rfc3339(int(buckets[-1]) + bucket_ns) != metadata.run_end:
            yield level.file, f"ends at {rfc3339(int(buckets[-1]) + bucket_ns)}, metadata.json says {metadata.run_end}"


def check_entities(run: OpenedRun) -> Iterator[Finding]:
    """Every bucket has each entity of graph.json once, in its order."""
    for level in LEVELS:
        if level.file not in run.tables:
            continue
        table, entities = run.tables[level.file], level.entities(run.graph)
        num_buckets, rest = divmod(table.num_rows, len(entities))
        if rest:
            yield level.file, f"{table.num_rows} rows are no multiple of the {len(entities)} entities of graph.json"
            continue
        for position, key in enumerate(level.keys):
            if table[key].to_pylist() != [entity[position] for entity in entities] * num_buckets:
                yield level.file, f"column {key!r} does not name the entities of graph.json in their order"
                break


def check_values(run: OpenedRun) -> Iterator[Finding]:
    """Every signal is a finite number that is not negative, or NaN; ratios do not exceed 1."""
    for level in LEVELS:
        for name in level.signal_names if level.file in run.tables else ():
            values = column_values(run.tables[level.file], name)
            if (values < 0).any() or np.isinf(values).any():
                yield level.file, f"column {name!r} has a negative or infinite value"
            elif name.endswith("_ratio") and (values > 1 + _ROUNDING).any():
                yield level.file, f"column {name!r} has a ratio above 1"
