"""Arguments of `impact`, apart from the code that runs it so that `--help` answers at once."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class ImpactArguments:
    """Report which faults users feel: of a fill on simulated stands before it is played, or of a data set as recorded.

    A fill's scenarios are played with and without their faults, nobody acting. A recorded episode, of a live stand too,
    is held against its own healthy time before the first fault, until somebody acted.
    """

    source: tyro.conf.Positional[Path]
    """YAML of a fill, for example ray_configs/runs/demo.yaml, or the folder of a data set."""
    out: Path | None = None
    """JSON file that gets every impact, those that nobody felt among them."""
