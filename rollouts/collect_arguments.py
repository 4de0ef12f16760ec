"""Arguments of `collect`, apart from the code that runs it so that `--help` answers at once."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class CollectArguments:
    """Fill a data set with episodes: Ray actors play scenarios under scripted policies and record them."""

    config: tyro.conf.Positional[Path]
    """YAML of the fill, for example ray_configs/runs/demo.yaml."""
    out: Path | None = None
    """Folder of the data set, instead of the one that the YAML names."""
    resume: bool = False
    """Go on with a fill that was stopped: play only what is not committed yet."""
