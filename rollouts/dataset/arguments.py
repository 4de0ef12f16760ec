"""Arguments of the data-set commands, apart from the code that runs them so that `--help` answers at once."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class ValidateArguments:
    """Check every run of a data set against the contract; exit code 1 if one violates it."""

    dataset: tyro.conf.Positional[Path]
    """Folder that holds the run_<id> directories."""


@dataclass(frozen=True, kw_only=True)
class InspectArguments:
    """Print what a run holds."""

    run: tyro.conf.Positional[Path]
    """A run_<id> directory."""
