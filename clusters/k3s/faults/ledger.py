"""Which faults are in force on a stand, as those who injected them know it."""

from dataclasses import dataclass, field
from typing import Any

from clusters.k3s.kinds import Kind


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One chaos resource of ours."""

    kind: Kind
    name: str


@dataclass(frozen=True, kw_only=True)
class PodLife:
    """One run of a pod's container: what was done to it ends with it."""

    pod: str
    uid: str
    restarts: int


@dataclass(kw_only=True)
class ActiveFault:
    """A fault and what it left in the cluster."""

    command: Any
    since_ns: int
    """On the stand's clock."""
    experiments: list[Experiment] = field(default_factory=list)
    covered: dict[PodLife, int] = field(default_factory=dict)
    """Runs of containers that have it -> nanoseconds at which it came to each."""
    held_steps: dict[PodLife, int] = field(default_factory=dict)
    """Of a leak: steps of memory that each took since the time in `covered`."""
    due_ns: int = 0
    """Of a kill loop: when the next kill is due."""


class FaultLedger:
    """Faults injected and not cleared, by id."""

    def __init__(self) -> None:
        self.active: dict[str, ActiveFault] = {}

    def others_at(self, fault_id: str, kind: type[Any], service: str) -> bool:
        """Whether another fault of the kind is in force at a service."""
        return any(
            name != fault_id and isinstance(fault.command, kind) and fault.command.service == service
            for name, fault in self.active.items()
        )
