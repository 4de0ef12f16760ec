"""Arguments of `python -m clusters simulate` and `applications`."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class SimulateArguments:
    """What is played, what is done about it, and where the page goes."""

    scenario: tyro.conf.Positional[str]
    """A YAML or JSON file that describes a scenario, or a name that `names` knows, such as checkout-latency."""
    out: Path = Path("incident.html")
    """The page to write."""
    seed: int | None = None
    """Draws the stand's parameters and its noise; by default the scenario's own."""
    do: tyro.conf.UseAppendAction[tuple[tuple[float, str], ...]] = ()
    """Seconds after the warm-up and an operator's command as JSON, such as
    120 '{"verb": "Scale", "service": "checkout", "replicas": 3}'; the page then also shows the course without it."""
    replicates: int = 1
    """Play it so many times on the same stand with other noise; the charts then show the mean and the range."""
    names: str = "envs.scenarios.named:named_scenario"
    """Entry point of the function that finds a scenario by its name."""


@dataclass(frozen=True, kw_only=True)
class ApplicationsArguments:
    """No arguments: every known application is listed."""
