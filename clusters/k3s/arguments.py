"""Arguments of `python -m clusters list`, `gc`, `down` and `doctor`."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class ListArguments:
    """Whose stands."""

    config: tyro.conf.Positional[Path]
    """Inventory of clusters, such as ray_configs/stands/local.yaml."""


@dataclass(frozen=True, kw_only=True)
class CollectArguments:
    """What is removed: stands whose holder is gone, that were given back, in quarantine, or have lost their lease."""

    config: tyro.conf.Positional[Path]
    """Inventory of clusters, such as ray_configs/stands/local.yaml."""
    keep_warm: bool = False
    """Leave stands that were given back for the next holder."""


@dataclass(frozen=True, kw_only=True)
class DownArguments:
    """Which stand is taken down."""

    config: tyro.conf.Positional[Path]
    """Inventory of clusters, such as ray_configs/stands/local.yaml."""
    stand: tyro.conf.Positional[str]
    """Its name, as `list` shows it."""
    force: bool = False
    """Even if somebody holds it: they lose it."""


@dataclass(frozen=True, kw_only=True)
class DoctorArguments:
    """Which clusters are examined, and for what."""

    config: tyro.conf.Positional[Path]
    """Inventory of clusters, such as ray_configs/stands/local.yaml."""
    application: str = "small-core"
    """What the stands are to run: its size and its images are asked for."""
    probe_network: bool = False
    """Start two small pods for some seconds, to see whether network policies are enforced."""
