"""Arguments of the evaluate command, apart from the code that runs it so that `--help` answers at once."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class EvaluateArguments:
    """Judge models and policies on held-out scenarios: one table, MLflow, report.json and report.html."""

    config: tyro.conf.Positional[Path]
    """YAML of an evaluation, for example ray_configs/runs/evaluate.yaml."""
    out: Path = Path("out/evaluation")
    """Folder for report.json and report.html."""
