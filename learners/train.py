"""data set -> windows (read once, shared) -> one Ray Train run per model and seed -> checkpoints, mean effects, MLflow.

The fits run side by side, as many as there are CPUs. With `num_workers: 0` each is a Ray task that trains in process;
with more, Ray Train spreads one fit over that many workers, which average their gradients.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.table import Table

from learners.arguments import TrainArguments
from learners.world_models.checkpoint import load_checkpoint, save_checkpoint
from learners.world_models.fitting import FitConfig, FitResult, fit
from learners.world_models.mean_effect import fit_mean_effects, save_effects
from learners.world_models.windows import Windows, read_windows
from ray_configs.errors import UserError
from ray_configs.loading import load
from rollouts.ray_session import RaySettings, ray_session
from rollouts.tracking import experiment_id, open_tracking, tracked_run, tracking_uri

if TYPE_CHECKING:
    import ray

ModelName = Literal["passive", "action_conditioned"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Which models are fitted, on what, and where they go."""

    dataset: str = "out/dataset"
    """Folder of run directories; a relative one is taken from the current directory."""
    out: str = "out/models"
    """Folder for checkpoints."""
    models: tuple[ModelName, ...] = ("passive", "action_conditioned")
    """`action_conditioned` sees the actions; `passive` is its twin that does not."""
    seeds: tuple[int, ...] = (0,)
    """One fit of each model per seed."""
    validation_share: float = 0.15
    """Share of the training scenarios set aside, where the data set has no validation scenarios."""
    num_workers: int = 0
    """Ray Train workers per fit; 0: in the process of the task."""
    experiment: str = "world-models"
    """MLflow experiment."""
    tracking_uri: str | None = None
    """Address of MLflow; by default MLFLOW_TRACKING_URI, or the local out/mlflow.db."""
    fit: FitConfig = field(default_factory=FitConfig)
    """The network and how it is fitted; `fit.backbone.action_conditioned` and `fit.seed` are set per model."""
    ray: RaySettings = field(default_factory=RaySettings)
    """The local Ray session, where there is none yet."""

    def __post_init__(self) -> None:
        if not self.models or not self.seeds:
            raise ValueError("models and seeds must each name at least one")
        if self.num_workers < 0:
            raise ValueError(f"num_workers must not be negative, not {self.num_workers}")
        if not 0.0 < self.validation_share < 1.0:
            raise ValueError(f"validation_share must lie between 0 and 1, not {self.validation_share}")


@dataclass(frozen=True, kw_only=True)
class FittedModel:
    """One fit that ended."""

    model: str
    seed: int
    checkpoint: Path
    effects: Path | None
    """Mean effect per action on top of a passive model's forecast; `paired_effects*.json` beside it is from pairs."""
    metrics: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class TrainResult:
    """All fits of a training."""

    models: tuple[FittedModel, ...]
    num_windows: int

    def of(self, model: ModelName) -> tuple[FittedModel, ...]:
        """The fits of one model, in the order of the seeds."""
        return tuple(fitted for fitted in self.models if fitted.model == model)


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One fit to run."""

    model: ModelName
    seed: int
    fit: FitConfig
    checkpoint: Path
    num_workers: int
    experiment: str
    tracking_uri: str
    parameters: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.model}-seed{self.seed}"


def train_command(arguments: TrainArguments) -> int:
    """Train from the command line."""
    config = load(arguments.config, TrainConfig)
    print_result(train(config, arguments.dataset, arguments.out), Console())
    return 0


def train(config: TrainConfig, dataset: Path | None = None, out: Path | None = None) -> TrainResult:
    """Fit every model of `config` for every seed.

    Raises:
        UserError: no usable data set, no room for checkpoints, or no MLflow.
    """
    source = Path(dataset or config.dataset).absolute()
    windows = read_windows(source, validation_share=config.validation_share)
    return fit_models(config, windows, Path(out or config.out), about_data={"dataset": str(source)})


def fit_models(config: TrainConfig, windows: Windows, out: Path, *, about_data: Mapping[str, Any]) -> TrainResult:
    """As `train`, on windows at hand. `about_data` is noted with the other parameters of each run."""
    # Absolute, because Ray's workers have another working directory.
    jobs = _jobs(config, out.absolute(), {**about_data, "num_windows": len(windows)})
    # Here once, because the fits run at the same time and would all make the database.
    experiment_id(open_tracking(config.tracking_uri), config.experiment)
    with ray_session(config.ray):
        # Only now, because Ray reads how to authenticate from the environment when it is imported.
        import ray
        from ray.exceptions import RayTaskError

        shared = ray.put(windows)
        try:
            metrics = _run_all(jobs, shared)
        except RayTaskError as error:
            if isinstance(error.cause, UserError):
                raise error.cause from None
            raise
    models = tuple(_finished(job, found, windows) for job, found in zip(jobs, metrics, strict=True))
    return TrainResult(models=models, num_windows=len(windows))


def _jobs(config: TrainConfig, folder: Path, about_data: Mapping[str, Any]) -> list[_Job]:
    jobs = []
    for seed in config.seeds:
        for model in config.models:
            backbone = replace(config.fit.backbone, action_conditioned=model == "action_conditioned")
            fit_config = replace(config.fit, backbone=backbone, seed=seed)
            job = _Job(
                model=model,
                seed=seed,
                fit=fit_config,
                checkpoint=folder / f"{model}{_suffix(config, seed)}.pt",
                num_workers=config.num_workers,
                experiment=config.experiment,
                tracking_uri=tracking_uri(config.tracking_uri),
                parameters={"model": model, **about_data, **asdict(fit_config)},
            )
            jobs.append(job)
    return jobs


def _suffix(config: TrainConfig, seed: int) -> str:
    """With one seed the files bear the plain names of the models."""
    return f"-seed{seed}" if len(config.seeds) > 1 else ""


def _run_all(jobs: Sequence[_Job], windows: "ray.ObjectRef[Windows]") -> list[dict[str, float]]:
    """Metrics of each job: tasks side by side, or distributed fits one after the other."""
    if any(job.num_workers for job in jobs):
        return [_run_job(job, windows) for job in jobs]
    import ray

    # A list hides the reference from Ray, so the task resolves it itself, as a worker of Ray Train does.
    task = ray.remote(num_cpus=1, max_retries=0)(_run_hidden)
    return ray.get([task.remote(job, [windows]) for job in jobs])  # type: ignore[no-any-return]


def _run_hidden(job: _Job, windows: "list[ray.ObjectRef[Windows]]") -> dict[str, float]:
    return _run_job(job, windows[0])


def _run_job(job: _Job, windows: "ray.ObjectRef[Windows]") -> dict[str, float]:
    """One run of Ray Train; the last metrics it reported."""
    from ray.train import RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    trainer = TorchTrainer(
        _train_loop,
        train_loop_config={"job": job, "windows": [windows]},
        scaling_config=ScalingConfig(num_workers=job.num_workers),
        run_config=RunConfig(name=job.name, storage_path=str(job.checkpoint.parent / "ray_train")),
    )
    metrics = trainer.fit().metrics
    return dict(metrics or {})


def _train_loop(config: dict[str, Any]) -> None:
    """What each worker of Ray Train runs; the first one writes the checkpoint and the run in MLflow."""
    import ray
    from ray.train import get_context, report

    job: _Job = config["job"]
    windows: Windows = ray.get(config["windows"][0])
    if get_context().get_world_rank() > 0:
        # As many reports as the first worker makes: each one waits for all.
        report(dict(fit(job.fit, windows, lambda metrics: report(dict(metrics))).metrics))
        return
    with tracked_run(job.experiment, job.name, job.parameters, uri=job.tracking_uri) as run:

        def on_epoch(metrics: Mapping[str, float]) -> None:
            run.log(metrics, step=int(metrics["epoch"]))
            report(dict(metrics))

        result: FitResult = fit(job.fit, windows, on_epoch)
        save_checkpoint(result.model, job.checkpoint)
        run.log({f"best_{name.removeprefix('best_')}": value for name, value in result.metrics.items()})
        run.log_artifact(job.checkpoint)
    report(dict(result.metrics))


def _finished(job: _Job, metrics: Mapping[str, float], windows: Windows) -> FittedModel:
    effects = None
    if job.model == "passive":
        model = load_checkpoint(job.checkpoint)
        training, _ = windows.split()
        for kind, use_pairs in (("paired_effects", True), ("mean_effects", False)):
            effects = job.checkpoint.with_name(job.checkpoint.stem.replace("passive", kind) + ".json")
            save_effects(fit_mean_effects(model, training, use_pairs=use_pairs), effects)
    return FittedModel(model=job.model, seed=job.seed, checkpoint=job.checkpoint, effects=effects, metrics=metrics)


def print_result(result: TrainResult, console: Console) -> None:
    """Print a table of the fits and where their checkpoints are."""
    columns = {
        "best_epoch": "epoch",
        "validation_returns": "return loss",
        "validation_return_effects": "effect loss",
        "validation_journeys_error": "forecast error",
        "validation_journeys_floor": "persistence",
    }
    table = Table("model", "seed", *columns.values(), title="On validation windows", title_justify="left")
    for fitted in result.models:
        cells = (f"{fitted.metrics.get(column, float('nan')):.4g}" for column in columns)
        table.add_row(fitted.model, str(fitted.seed), *cells)
    console.print(table)
    for fitted in result.models:
        console.print(f"{fitted.model}: {fitted.checkpoint}", highlight=False, soft_wrap=True)
