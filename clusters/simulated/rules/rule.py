"""What it takes to carry out a command on one simulated stand; the rules themselves are in the `*_rules` modules."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from clusters.command_checks.refusal import Refusal
from clusters.commands import CheckStatus, Command
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import COLD_SECONDS
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEventReason, PodEvents

C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One stand of a batch, as rules see it: `state.x[..., stand]` is its part of x."""

    graph: CompiledGraph
    state: StandState
    stand: int
    faults: dict[str, Command]
    """Faults injected and not cleared, by id."""
    events: PodEvents
    """Of all stands."""

    def service(self, name: str) -> int:
        """Internal index of a service that is known to exist."""
        return self.graph.service_index[name]

    def num_ready(self, s: int) -> int:
        """Replicas of a service that take requests."""
        present = self.state.present[:, s, self.stand]
        return int((present & (self.state.timer[:, s, self.stand] <= COLD_SECONDS)).sum())

    def note(self, reason: PodEventReason, s: int, count: int = 1) -> None:
        """Note what happens to the pods of a service now."""
        self.events.on(np.array([self.stand])).note_one(reason, int(self.state.tick[self.stand]), s, count)

    def note_scaling(self, s: int, added: int) -> None:
        """Note replicas that come, or go (negative)."""
        self.note(PodEventReason.SCALING_REPLICA_SET, s, added)
        self.note(PodEventReason.STARTED if added > 0 else PodEventReason.KILLING, s, abs(added))


@dataclass(frozen=True, kw_only=True)
class Rule(Generic[C]):
    """How one kind of command is checked, carried out and verified."""

    refusal: Callable[[Column, C], Refusal | None]
    """Why this stand cannot do it now; None if it can. What no stand can do was refused before."""
    is_there: Callable[[Column, C], bool]
    """Whether the stand is in the wanted state already."""
    carry_out: Callable[[Column, C], None]
    postcheck: Callable[[Column, C], CheckStatus]
    """Whether it has taken effect by now."""


def never(column: Column, command: object) -> bool:
    """For commands that are carried out each time they are given."""
    return False


def settled(is_there: Callable[[Column, C], bool]) -> Callable[[Column, C], CheckStatus]:
    """The postcheck of a command that takes effect at once: it holds until another command overrules it."""

    def postcheck(column: Column, command: C) -> CheckStatus:
        return CheckStatus.PASSED if is_there(column, command) else CheckStatus.FAILED

    return postcheck
