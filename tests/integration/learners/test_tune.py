"""Sweeps on a real Ray and a real MLflow."""

from io import StringIO
from pathlib import Path

import pytest
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID
from rich.console import Console

from learners.compare import print_runs, runs_of
from learners.tuning.space import Range
from learners.tuning.tune import SweepConfig, print_trials, sweep
from ray_configs.errors import UserError
from tests.integration.learners import tiny

pytestmark = pytest.mark.usefixtures("ray_cluster")


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('tracking')}/mlflow.db"


def test_three_trials_are_nested_runs_and_the_best_comes_first(uri: str, tmp_path: Path) -> None:
    config = SweepConfig(
        space={"learning_rate": Range(low=1e-4, high=1e-1, log=True), "backbone.width": (8, 16)},
        out=str(tmp_path / "sweeps"),
        tracking_uri=uri,
        # In one process, which spares the imports of the others.
        trials_at_once=1,
        fit=tiny.FIT,
    )
    result = sweep(config, tiny.windows(), about_data={"dataset": "toy"})
    assert [trial.end for trial in result.trials] == 3 * ["finished"]
    losses = [trial.metrics["validation_loss"] for trial in result.trials]
    assert losses == sorted(losses)
    assert len({trial.settings["learning_rate"] for trial in result.trials}) == 3
    assert result.folder.is_relative_to(tmp_path / "sweeps") and result.folder.is_dir()

    runs = runs_of("sweep", uri)
    assert {run.info.status for run in runs} == {"FINISHED"}
    parent = next(run for run in runs if run.info.run_id == result.parent_run_id)
    trials = [run for run in runs if run.data.tags.get(MLFLOW_PARENT_RUN_ID) == result.parent_run_id]
    assert len(trials) == 3 and len(runs) == 4
    assert parent.data.metrics["best_validation_loss"] == losses[0]
    # What a trial was tried with is what its run says, down to its metrics.
    in_mlflow = {run.data.params["learning_rate"]: run.data.metrics["best_validation_loss"] for run in trials}
    assert in_mlflow == {
        str(trial.settings["learning_rate"]): loss for trial, loss in zip(result.trials, losses, strict=True)
    }

    out = StringIO()
    console = Console(file=out, width=100, markup=False)
    print_trials(result, console)
    print_runs(runs, "sweep", console)
    assert all(f"{loss:.4g}" in out.getvalue() for loss in losses)
    assert all(run.info.run_name in out.getvalue() for run in trials)


@pytest.mark.slow
def test_a_trial_that_falls_behind_is_stopped_and_has_not_failed(uri: str, tmp_path: Path) -> None:
    config = SweepConfig(
        # This seed draws the rate that learns first, and then the one that the other leaves behind.
        space={"learning_rate": (1e-9, 1e-2)},
        seed=2,
        trials_at_once=1,
        out=str(tmp_path / "sweeps"),
        experiment="halving",
        tracking_uri=uri,
        num_trials=2,
        stop_early=True,
        fit=tiny.FIT,
    )
    result = sweep(config, tiny.windows(), about_data={})
    assert [(trial.settings["learning_rate"], trial.end) for trial in result.trials] == [
        (1e-2, "finished"),
        (1e-9, "stopped early"),
    ]
    assert {run.info.status for run in runs_of("halving", uri)} == {"FINISHED"}


@pytest.mark.slow
def test_an_unknown_metric_is_a_sentence_with_the_known_ones(uri: str, tmp_path: Path) -> None:
    config = SweepConfig(
        space={"learning_rate": (1e-3,)},
        metric="accuracy",
        out=str(tmp_path / "sweeps"),
        experiment="unknown",
        tracking_uri=uri,
        num_trials=1,
        fit=tiny.FIT,
    )
    with pytest.raises(UserError, match=r"no 'accuracy'.*validation_returns"):
        sweep(config, tiny.windows(), about_data={})
    assert {run.info.status for run in runs_of("unknown", uri)} == {"FAILED"}
