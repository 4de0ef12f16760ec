"""space -> trials (each one `fit`, reporting every epoch) -> nested MLflow runs -> a table, best first.

The windows are read once and shared through Ray's object store.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from rich.console import Console
from rich.table import Table

from learners.arguments import TuneArguments
from learners.tuning.space import Space, Value, check_space, domains, with_settings
from learners.world_models.fitting import FitConfig, fit
from learners.world_models.windows import Windows, read_windows
from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.ray_session import RaySettings, ray_session
from rollouts.tracking import TrackedRun, open_tracking, tracked_run, tracking_uri

_WHOLE_LOSS = "validation_loss"
_FINISHED = "finished"
"""Reported once a fit came to its own end, and not to one that the scheduler gave it."""


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """What is searched, and how."""

    space: Space
    """Setting -> values, or range, to draw from."""
    dataset: str = "out/dataset"
    """Folder of run directories; a relative one is taken from the current directory."""
    out: str = "out/sweeps"
    """Folder for what Ray Tune writes."""
    num_trials: int = 3
    """Settings that are drawn and tried."""
    trials_at_once: int | None = None
    """At most so many side by side, each with windows of its own in memory; None: as many as there are CPUs."""
    stop_early: bool = False
    """Stop trials that fall behind (asynchronous successive halving)."""
    metric: str = _WHOLE_LOSS
    """What is smallest for the best trial; any metric that a fit reports per epoch."""
    seed: int = 0
    """Of the draws."""
    validation_share: float = 0.15
    """Share of the training scenarios set aside, where the data set has no validation scenarios."""
    experiment: str = "sweep"
    """MLflow experiment."""
    tracking_uri: str | None = None
    """Address of MLflow; by default MLFLOW_TRACKING_URI, or the local out/mlflow.db."""
    fit: FitConfig = field(default_factory=FitConfig)
    """Settings that are not searched."""
    ray: RaySettings = field(default_factory=RaySettings)
    """The local Ray session, where there is none yet."""

    def __post_init__(self) -> None:
        if self.num_trials < 1 or (self.trials_at_once is not None and self.trials_at_once < 1):
            raise ValueError(
                f"num_trials and trials_at_once must be at least 1, not {self.num_trials} and {self.trials_at_once}"
            )
        if not 0.0 < self.validation_share < 1.0:
            raise ValueError(f"validation_share must lie between 0 and 1, not {self.validation_share}")
        empty = [setting for setting, values in self.space.items() if not values]
        if empty or not self.space:
            raise ValueError(f"space: {empty[0] if empty else 'it'} has no value to draw from")
        if self.metric == _WHOLE_LOSS and any(setting.startswith("loss_weights.") for setting in self.space):
            raise ValueError(
                f"{_WHOLE_LOSS} means something else under other loss_weights; take a part of it as the metric, "
                "validation_returns for one"
            )


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial that ended."""

    name: str
    """Name of its run in MLflow."""
    settings: Mapping[str, Value]
    metrics: Mapping[str, float]
    """Those of the best epoch, or of the last one if it was stopped early."""
    end: Literal["finished", "stopped early", "failed"]
    error: str = ""
    """Why it failed."""

    @property
    def failed(self) -> bool:
        """Whether it broke off with an error."""
        return self.end == "failed"


@dataclass(frozen=True, kw_only=True)
class TuneResult:
    """A sweep that ended."""

    trials: tuple[Trial, ...]
    """Best first, failed ones last."""
    metric: str
    """What is smallest for the best."""
    parent_run_id: str
    """MLflow run beneath which the trials stand."""
    folder: Path
    """What Ray Tune wrote."""

    @property
    def best(self) -> Trial:
        """The best trial."""
        return self.trials[0]


def tune_command(arguments: TuneArguments) -> int:
    """Sweep from the command line; 0 only if no trial failed."""
    config = load(arguments.config, SweepConfig)
    result = tune(config, arguments.dataset)
    print_trials(result, Console(markup=False))
    return 1 if any(trial.failed for trial in result.trials) else 0


def tune(config: SweepConfig, dataset: Path | None = None) -> TuneResult:
    """Try `config.num_trials` settings on a data set.

    Raises:
        UserError: no usable data set, no MLflow, or a setting, value or metric that a fit does not know.
    """
    check_space(config.space, config.fit)
    open_tracking(config.tracking_uri)
    source = Path(dataset or config.dataset).absolute()
    windows = read_windows(source, validation_share=config.validation_share)
    return sweep(config, windows, about_data={"dataset": str(source)})


def sweep(config: SweepConfig, windows: Windows, *, about_data: Mapping[str, Any]) -> TuneResult:
    """As `tune`, on windows at hand. `about_data` is noted with the parameters of the sweep."""
    check_space(config.space, config.fit)
    # Absolute, because Ray's workers have another working directory.
    folder = Path(config.out).absolute() / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    parameters = {
        **about_data,
        "num_windows": len(windows),
        "num_trials": config.num_trials,
        "metric": config.metric,
        "space": json.dumps(asdict(config)["space"]),
    }
    uri = tracking_uri(config.tracking_uri)
    with tracked_run(config.experiment, "sweep", parameters, uri=uri) as parent, ray_session(config.ray):
        trials = _run(config, windows, uri, parent.run_id, folder)
        _end_runs(parent, trials)
        if not trials[0].failed:
            parent.log({f"best_{config.metric}": trials[0].metrics[config.metric]})
            parent.log_parameters({"best": trials[0].settings})
    return TuneResult(trials=trials, metric=config.metric, parent_run_id=parent.run_id, folder=folder)


def _run(config: SweepConfig, windows: Windows, uri: str, parent_run_id: str, folder: Path) -> tuple[Trial, ...]:
    # Only now, because Ray reads how to authenticate from the environment when it is imported.
    from ray import tune as ray_tune
    from ray.tune.schedulers import AsyncHyperBandScheduler
    from ray.tune.search import BasicVariantGenerator

    # It would print the traceback of each trial that fails; the table says why.
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    trainable = ray_tune.with_parameters(_try, windows=windows, config=config, uri=uri, parent_run_id=parent_run_id)
    # Past the last epoch, so that no trial is stopped when it only has its result left to report.
    halving = AsyncHyperBandScheduler(time_attr="epochs", max_t=config.fit.num_epochs + 1)
    tuner = ray_tune.Tuner(
        ray_tune.with_resources(trainable, {"cpu": 1}),
        param_space=domains(config.space),
        tune_config=ray_tune.TuneConfig(
            metric=config.metric,
            mode="min",
            num_samples=config.num_trials,
            # The next trial takes over a process, which has imported already what takes seconds to import.
            reuse_actors=True,
            scheduler=halving if config.stop_early else None,
            search_alg=BasicVariantGenerator(max_concurrent=config.trials_at_once or 0, random_state=config.seed),
            trial_dirname_creator=lambda trial: trial.trial_id,
        ),
        run_config=ray_tune.RunConfig(name=folder.name, storage_path=str(folder.parent), verbose=0),
    )
    trials = [_ended(result, config.metric) for result in tuner.fit()]
    return tuple(sorted(trials, key=lambda trial: (trial.failed, trial.metrics.get(config.metric, float("inf")))))


def _try(settings: dict[str, Value], *, windows: Windows, config: SweepConfig, uri: str, parent_run_id: str) -> None:
    """One trial, in a process of its own."""
    from ray import tune as ray_tune

    fit_config = with_settings(config.fit, settings)
    name = _name(ray_tune.get_context().get_trial_id())
    # Named like the parameters of a training, so that `compare` can lay both side by side.
    with tracked_run(config.experiment, name, asdict(fit_config), uri=uri, parent_run_id=parent_run_id) as run:

        def on_epoch(metrics: Mapping[str, float]) -> None:
            if config.metric not in metrics:
                raise UserError(f"a fit reports no {config.metric!r}; metric is one of {', '.join(sorted(metrics))}")
            run.log(metrics, step=int(metrics["epoch"]))
            # At once, because a trial that is stopped early gets no further than the next line.
            run.flush()
            ray_tune.report({**metrics, "epochs": int(metrics["epoch"]) + 1})

        try:
            result = fit(fit_config, windows, on_epoch)
        except SystemExit:
            # This is how Ray Tune stops a trial; it has not failed.
            return
        run.log({f"best_{metric.removeprefix('best_')}": value for metric, value in result.metrics.items()})
    ray_tune.report({**result.metrics, "epochs": len(result.history), _FINISHED: True})


def _name(trial_id: str) -> str:
    return f"trial-{trial_id.rpartition('_')[2]}"


def _end_runs(parent: TrackedRun, trials: Sequence[Trial]) -> None:
    """End the runs that are still open: the process of a trial that is stopped may be gone before it can do so."""
    client = parent.client
    experiment = client.get_run(parent.run_id).info.experiment_id
    beneath = f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{parent.run_id}' and attributes.status = 'RUNNING'"
    stopped = {trial.name for trial in trials if not trial.failed}
    for run in client.search_runs([experiment], beneath):
        client.set_terminated(run.info.run_id, "FINISHED" if run.info.run_name in stopped else "FAILED")


def _ended(result: Any, metric: str) -> Trial:
    """A trial from `ray.tune.Result`."""
    reported = result.metrics or {}
    error = result.error
    if isinstance(getattr(error, "cause", None), UserError):
        raise error.cause
    return Trial(
        name=_name(reported.get("trial_id", "")),
        settings=dict(result.config or {}),
        # Ray Tune adds its clocks to what was reported.
        metrics={k: v for k, v in reported.items() if isinstance(v, float) and not k.startswith("time")},
        end="failed" if error is not None else "finished" if _FINISHED in reported else "stopped early",
        # The last line of a traceback says what happened.
        error=str(error).strip().splitlines()[-1] if error is not None else "",
    )


def print_trials(result: TuneResult, console: Console) -> None:
    """Print a table of the trials, the best settings, and where to read more."""
    settings = list(result.best.settings)
    table = Table()
    for title in ("trial", *settings, result.metric, "best epoch", "end"):
        table.add_column(title, overflow="fold")
    for trial in result.trials:
        table.add_row(
            trial.name,
            *(_number(trial.settings[setting]) for setting in settings),
            _number(trial.metrics.get(result.metric, float("nan"))),
            _number(trial.metrics.get("best_epoch", float("nan"))),
            trial.end,
        )
    console.print(table)
    for trial in result.trials:
        if trial.failed:
            console.print(f"{trial.name} failed: {trial.error}", highlight=False, soft_wrap=True)
    if not result.best.failed:
        console.print("best settings:", highlight=False)
        for setting, value in result.best.settings.items():
            console.print(f"  {setting}: {_number(value)}", highlight=False)
    console.print(f"written: {result.folder}", highlight=False, soft_wrap=True)


def _number(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
