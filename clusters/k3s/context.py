"""What it takes to change one live stand."""

from collections.abc import Callable
from dataclasses import dataclass, field

from clusters.k3s.api import KubeApi
from clusters.k3s.faults.ledger import FaultLedger
from clusters.k3s.inventory import ClusterSpec, Inventory
from clusters.k3s.load import LoadDriver
from clusters.topology import Application


@dataclass(frozen=True, kw_only=True)
class StandContext:
    """One stand, as commands and faults see it. Used by one thread at a time."""

    application: Application
    api: KubeApi
    """Acting as the stand's own account."""
    namespace: str
    cluster: ClusterSpec
    inventory: Inventory
    load: LoadDriver
    now_ns: Callable[[], int]
    """The stand's clock, UTC nanoseconds."""
    ledger: FaultLedger = field(default_factory=FaultLedger)
    """Faults that were injected through this context. What an earlier holder left behind is found by `clear_all`."""
