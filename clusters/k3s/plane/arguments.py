"""Arguments of `python -m clusters install`."""

from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass(frozen=True, kw_only=True)
class InstallArguments:
    """Which clusters get a telemetry plane: a collector gateway and a Prometheus."""

    config: tyro.conf.Positional[Path]
    """Inventory of clusters, such as ray_configs/stands/local.yaml."""
    cluster: str = ""
    """Only this one; by default all of the inventory's whose telemetry.namespace is set."""
    apply: bool = False
    """Bring the objects to the clusters; by default they are printed, for `kubectl apply -f -`."""
