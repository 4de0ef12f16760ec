"""Arguments of `python -m learners demo`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class DemoArguments:
    """The main job on simulated stands, from an empty folder to a report."""

    out: Path = Path("out/demo")
    """Where the data set, the models and the report go. Runs already there are kept and not played again."""
    quick: bool = False
    """A small form that shows that everything works, in under a minute; its figures mean nothing."""
