"""Runs of an MLflow experiment side by side: the parameters that differ, and the metrics they ended with."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from rich.console import Console
from rich.table import Table

from learners.arguments import CompareArguments
from ray_configs.errors import UserError
from rollouts.tracking import open_tracking

_MAX_RUNS = 50
_LABEL_WIDTH = 34
_BORDERS = 4
_RUN_WIDTH = 16
"""Columns of text that a run takes, with its border."""


def compare_command(arguments: CompareArguments) -> int:
    """Compare from the command line."""
    print_runs(runs_of(arguments.experiment, arguments.tracking_uri), arguments.experiment, Console(markup=False))
    return 0


def runs_of(experiment: str, tracking_uri: str | None = None) -> list[Any]:
    """The experiment's latest runs (`mlflow.entities.Run`), newest first.

    Raises:
        UserError: no MLflow answers, or it has no such experiment, or the experiment has no run.
    """
    client = open_tracking(tracking_uri)
    found = client.get_experiment_by_name(experiment)
    if found is None:
        known = sorted(each.name for each in client.search_experiments() if each.name != "Default")
        raise UserError(
            f"MLflow at {client.tracking_uri} has no experiment {experiment!r}; "
            + (f"it has {', '.join(known)}" if known else "it has none yet: train or evaluate first")
        )
    runs = client.search_runs([found.experiment_id], max_results=_MAX_RUNS, order_by=["attributes.start_time DESC"])
    if not runs:
        raise UserError(f"experiment {experiment!r} has no run yet; train or evaluate into it first")
    return list(runs)


def print_runs(runs: Sequence[Any], experiment: str, console: Console) -> None:
    """Print tables with a column per run, as many side by side as the console is wide enough for.

    A row per parameter that differs between any of the runs, and per metric that any of them has.
    """
    names = {run.info.run_id: run.info.run_name for run in runs}
    parameters = _differing(runs)
    metrics = _final(_all_names(run.data.metrics for run in runs))
    label_width = min(_LABEL_WIDTH, max(map(len, ["started (UTC)", *parameters, *metrics])))
    at_once = max(1, (console.width - label_width - _BORDERS) // _RUN_WIDTH)
    for start in range(0, len(runs), at_once):
        shown = runs[start : start + at_once]
        last = start + len(shown)
        table = Table(title=f"{experiment}: runs {start + 1} to {last} of the latest {len(runs)}", title_justify="left")
        table.add_column("", overflow="fold", min_width=label_width, max_width=label_width)
        for run in shown:
            table.add_column(run.info.run_name, justify="right", overflow="fold")
        table.add_row("run", *(run.info.run_id[:8] for run in shown))
        table.add_row("beneath", *(names.get(_parent(run), _parent(run)[:8]) for run in shown))
        table.add_row("started (UTC)", *(_time(run.info.start_time) for run in shown))
        table.add_row("status", *(run.info.status for run in shown), end_section=True)
        for name in parameters:
            cells = (_short(run.data.params.get(name, "")) for run in shown)
            table.add_row(name, *cells, end_section=name == parameters[-1])
        for name in metrics:
            table.add_row(name, *(_number(run.data.metrics.get(name)) for run in shown))
        console.print(table)


def _differing(runs: Sequence[Any]) -> list[str]:
    """Parameters that differ among the runs of one level: a sweep as such has none of those that its trials have."""
    levels = [[run for run in runs if bool(_parent(run)) is nested] for nested in (False, True)]
    return [
        name
        for name in _all_names(run.data.params for run in runs)
        if any(len({run.data.params.get(name) for run in level}) > 1 for level in levels)
    ]


def _parent(run: Any) -> str:
    """Id of the run beneath which this one stands, or nothing."""
    return str(run.data.tags.get(MLFLOW_PARENT_RUN_ID, ""))


def _all_names(mappings: Iterator[Any] | Sequence[Any]) -> list[str]:
    return sorted({name for mapping in mappings for name in mapping})


def _final(names: Sequence[str]) -> list[str]:
    """Leave out the last value of a curve whose best epoch is there as well."""
    return [name for name in names if f"best_{name}" not in names]


def _time(milliseconds: int | None) -> str:
    return datetime.fromtimestamp((milliseconds or 0) / 1000, UTC).strftime("%m-%d %H:%M")


def _short(parameter: str) -> str:
    """MLflow keeps parameters as text; sixteen digits of a number are more than one can compare by eye."""
    try:
        return f"{float(parameter):.6g}" if "." in parameter else parameter
    except ValueError:
        return parameter


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
