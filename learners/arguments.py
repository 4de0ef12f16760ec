"""Arguments of the learners' commands, apart from the code that runs them so that `--help` answers at once."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class TrainArguments:
    """Fit world models on a data set and log them to MLflow."""

    config: tyro.conf.Positional[Path]
    """YAML of a training, for example ray_configs/runs/train.yaml."""
    dataset: Path | None = None
    """Folder of run directories, instead of the one that the YAML names."""
    out: Path | None = None
    """Folder for checkpoints, instead of the one that the YAML names."""


@dataclass(frozen=True, kw_only=True)
class TuneArguments:
    """Sweep the settings of a world model with Ray Tune; each trial is a nested run in MLflow."""

    config: tyro.conf.Positional[Path]
    """YAML of a sweep, for example ray_configs/runs/sweep.yaml."""
    dataset: Path | None = None
    """Folder of run directories, instead of the one that the YAML names."""


@dataclass(frozen=True, kw_only=True)
class CompareArguments:
    """Print the runs of an MLflow experiment side by side."""

    experiment: tyro.conf.Positional[str]
    """Name of the experiment."""
    tracking_uri: str | None = None
    """Address of MLflow; by default MLFLOW_TRACKING_URI, or the local out/mlflow.db."""
