"""Arguments of `impact`, apart from the code that runs it so that `--help` answers at once."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class ImpactArguments:
    """Play the scenarios of a fill with and without their faults, nobody acting, and report what users feel."""

    config: tyro.conf.Positional[Path]
    """YAML of a fill, for example ray_configs/runs/demo.yaml."""
    out: Path | None = None
    """JSON file that gets every scenario's impact, the ones that nobody felt among them."""
