"""Print what a run holds, for a person: what was played, the files, what was done, the truth, and how it went."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Table

from clusters.streams import StandStreams
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from ray_configs.errors import UserError
from rollouts.dataset.arguments import InspectArguments
from rollouts.dataset.files import read_json_lines, read_table, rows_of
from rollouts.dataset.metadata import RunMetadata
from rollouts.dataset.reader import read_graph, read_metadata, read_run
from rollouts.dataset.schema import (
    ACTOR_ORCHESTRATOR,
    COROOT_FILE,
    FILES,
    JSON_LINES,
    METADATA_FILE,
    OPTIONAL_STREAMS,
    TABLES,
)
from rollouts.episode import Episode

_BARS = "▁▂▃▄▅▆▇█"
_MISSING = "·"
_OVER_TIME = "over time"
_INDICATORS = {"good_ratio": "good", "error_ratio": "errors", "latency_p95_milliseconds": "p95 ms"}


def inspect_command(arguments: InspectArguments) -> int:
    """Print the run.

    Raises:
        UserError: the directory is no run, or a file of it is missing or damaged.
    """
    inspect_run(arguments.run, sys.stdout)
    return 0


def inspect_run(path: Path, file: TextIO, width: int | None = None) -> None:
    """Print the run to a file of text, `width` columns wide (None: as wide as the terminal).

    Raises:
        UserError: as `inspect_command`.
    """
    if path.is_dir() and not (path / METADATA_FILE).exists() and any(path.glob("run_*")):
        raise UserError(f"{path} is a data set; give one of the run_<id> directories in it")
    metadata, episode = read_metadata(path), read_run(path, with_streams=True)
    # Names are data: "small-core:train:7" must not become an emoji.
    console = Console(file=file, width=width, markup=False, emoji=False, highlight=False)
    console.print(_overview(metadata, episode))
    console.print(_files(path, metadata, episode))
    console.print(_actions(rows_of(read_table(path / "actions.parquet")), episode))
    console.print(_labels(rows_of(read_table(path / "labels.parquet")), episode))
    if episode.streams_on:
        console.print(_told(episode.streams))
    console.print(_rewards(episode))
    console.print(_journeys(episode, [journey.name for journey in read_graph(path).journeys]))


def sparkline(values: NDArray[Any], low: float, high: float, width: int = 30) -> str:
    """Values over time as one line of bars between `low` and `high`; a dot where nothing was measured."""
    chunks = np.array_split(values, min(width, len(values))) if len(values) else []
    span = high - low or 1.0
    return "".join(
        _MISSING
        if np.isnan(chunk).all()
        else _BARS[int(np.clip((np.nanmean(chunk) - low) / span, 0, 1) * (len(_BARS) - 1))]
        for chunk in chunks
    )


def _grid(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=bool(columns), box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in ("actor", _OVER_TIME))
    return table


def _overview(metadata: RunMetadata, episode: Episode) -> Table:
    scenario, scales = metadata.scenario, metadata.granularity_config
    table = _grid(f"run {metadata.run_id}")
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    parameters = ", ".join(f"{name}={value}" for name, value in metadata.policy.parameters.items())
    streams = [name for name, is_on in metadata.streams.items() if is_on]
    off = [name for name, is_on in metadata.streams.items() if not is_on]
    rows = {
        "scenario": f"{scenario.name} ({scenario.family}, {scenario.split}), seed {metadata.seed}",
        "application": f"{metadata.service_config} on a {metadata.backend} stand",
        "workload": metadata.workload_profile,
        "policy": metadata.policy_name + (f" ({parameters})" if parameters else ""),
        "time": f"{metadata.run_start} to {metadata.run_end}",
        "steps": f"{metadata.num_steps} of {scales.control_step_seconds:g} s after {scenario.warmup_seconds:g} s of "
        f"warm-up, buckets of {scales.observation_bucket_seconds:g} s",
        "ended by": metadata.end_reason,
        "return": f"{episode.episode_return:.3f}",
        "streams on": ", ".join(streams),
        "scraping": "perfect" if metadata.scraping is None else str(metadata.scraping),
        "streams off": ", ".join(off) or "none",
        "program": ", ".join(f"{name} {sha or 'of no known commit'}" for name, sha in metadata.git_shas.items()),
        "contract": f"{metadata.contract_version}, gym API {metadata.gym_api_version}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _files(path: Path, metadata: RunMetadata, episode: Episode) -> Table:
    table = _grid("files", "file", "rows", "bytes")
    for name in FILES:
        rows = ""
        if name in TABLES:
            rows = f"{read_table(path / name).num_rows:,}"
        elif name in JSON_LINES:
            rows = f"{len(read_json_lines(path / name)):,}"
        elif name == COROOT_FILE:
            rows = f"{len(episode.streams.coroot_findings):,}"
        if name in OPTIONAL_STREAMS and not metadata.streams.get(OPTIONAL_STREAMS[name], False):
            rows = f"{rows} (off)".strip()
        table.add_row(name, rows, f"{(path / name).stat().st_size:,}")
    return table


def _actions(rows: list[dict[str, Any]], episode: Episode) -> Table:
    table = _grid("actions (seconds after the warm-up)", "at", "actor", "action", "probability", "status", "message")
    for row in rows:
        is_fault = row["actor"] == ACTOR_ORCHESTRATOR
        name = f"{row['action_type']} {row['intervention_id']}" if is_fault else row["action_name"]
        probability = "" if row["probability"] is None else f"{row['probability']:.3f}"
        table.add_row(_seconds(row["time"], episode), row["actor"], name, probability, row["status"], row["message"])
    return table


def _labels(rows: list[dict[str, Any]], episode: Episode) -> Table:
    table = _grid("labels (seconds after the warm-up)", "of", "fault", "target", "start", "end", "intensity", "status")
    for row in rows:
        table.add_row(
            row["intervention_id"] or row["action_id"],
            row["fault_type"] or "",
            row["target"] or "",
            _seconds(row["start"], episode),
            _seconds(row["end"], episode),
            row["intensity"] or "",
            row["status"],
        )
    return table


def _told(streams: StandStreams) -> Table:
    """How much was told of what: lines by severity, traces, events by reason, findings by check."""
    table = _grid("what the stand told", "stream", "of what", "number")
    lines: Counter[str] = Counter()
    for line in streams.logs:
        lines[line.severity] += line.count
    traces = Counter("with an error" if s.status == "ERROR" else "good" for s in streams.spans if not s.parent_span_id)
    events = Counter({e.reason: 0 for e in streams.k8s_events})
    for event in streams.k8s_events:
        events[event.reason] += event.count
    findings = Counter(f"{f.symptom_class}, {f.severity}" for f in streams.coroot_findings if f.severity != "ok")
    counted = {"log lines": lines, "traces": traces, "Kubernetes events": events, "findings": findings}
    for stream, counts in counted.items():
        for what, number in sorted(counts.items()):
            table.add_row(stream, what, f"{number:,}")
    return table


def _rewards(episode: Episode) -> Table:
    table = _grid("rewards", "reward", "sum", "worst step", _OVER_TIME)
    terms = {name: None for step in episode.steps for name in step.reward_terms}
    columns = {"total": [step.reward for step in episode.steps]}
    columns |= {name: [step.reward_terms.get(name, 0.0) for step in episode.steps] for name in terms}
    for name, column in columns.items():
        values = np.array(column)
        worst = float(values.min(initial=0.0)) + 0.0  # a negative zero becomes zero
        line = sparkline(values, worst, 0.0) if worst else ""
        table.add_row(name, f"{values.sum() + 0.0:.3f}", f"{worst:.3f}", line)
    return table


def _journeys(episode: Episode, names: list[str]) -> Table:
    table = _grid("journeys over the whole run", "journey", "signal", "mean", "worst", _OVER_TIME)
    for position, name in enumerate(names):
        for signal, label in _INDICATORS.items():
            values = episode.telemetry.journeys[:, position, signal_index(JOURNEY_SIGNALS, signal)]
            known = values[~np.isnan(values)]
            if not len(known):
                table.add_row(name, label, "", "", _MISSING)
                continue
            worst = known.min() if signal == "good_ratio" else known.max()
            top = 1.0 if signal.endswith("_ratio") else float(known.max())
            table.add_row(name, label, f"{known.mean():.3g}", f"{worst:.3g}", sparkline(values, 0.0, top))
    return table


def _seconds(time_ns: int | None, episode: Episode) -> str:
    if time_ns is None:
        return ""
    zero_ns = int(episode.telemetry.times_ns[0]) + round(episode.scenario.warmup_seconds * 1e9)
    return f"{(time_ns - zero_ns) / 1e9:g}"
