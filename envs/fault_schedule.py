"""Which fault commands are due when, for N stands at once.

Legend: N stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clusters.commands import Command, OperatorCommand, SetFlag
from clusters.scenario import ScheduledFault


@dataclass(frozen=True, kw_only=True)
class FaultEvent:
    """One command of a fault: an injection or its clearance."""

    seconds: float
    """After the warm-up."""
    fault_id: str
    command: Command
    is_clearance: bool


class FaultSchedule:
    """The fault events of each stand in time order; arrays say for all stands at once what is due."""

    def __init__(self, num_stands: int) -> None:
        self._events: list[tuple[FaultEvent, ...]] = [()] * num_stands
        self.next_seconds = np.full(num_stands, np.inf)
        """[N] time of the next event."""
        self.num_injections_left = np.zeros(num_stands, dtype=np.int64)
        """[N] injections still to come."""
        self.has_begun = np.zeros(num_stands, dtype=np.bool_)
        """[N] whether any fault was injected since the reset."""

    def load(self, stand: int, faults: Sequence[ScheduledFault]) -> None:
        """Replace a stand's events by those of a scenario's faults."""
        events = [
            FaultEvent(seconds=seconds, fault_id=fault.fault_id, command=command, is_clearance=False)
            for fault in faults
            for seconds, command in fault.injections
        ] + [
            FaultEvent(seconds=fault.end_seconds, fault_id=fault.fault_id, command=fault.clearance, is_clearance=True)
            for fault in faults
            if fault.end_seconds is not None and fault.clearance is not None
        ]
        self.has_begun[stand] = False
        self._set(stand, tuple(sorted(events, key=lambda event: (event.seconds, not event.is_clearance))))

    def pop_due(self, stand: int, now_seconds: float) -> list[FaultEvent]:
        """The events of a stand that are due, taken out of the schedule."""
        due = [event for event in self._events[stand] if event.seconds <= now_seconds]
        self.has_begun[stand] |= any(not event.is_clearance for event in due)
        self._set(stand, self._events[stand][len(due) :])
        return due

    def heal(self, stand: int, command: OperatorCommand) -> None:
        """Drop the injections that an operator's command makes void.

        A roll-back pins a flag's version: a fault that has begun cannot bring the other one back. Clearances stay,
        and find nothing to do.
        """
        if not isinstance(command, SetFlag) or not self.has_begun[stand]:
            return
        kept = [
            event
            for event in self._events[stand]
            if event.is_clearance or not isinstance(event.command, SetFlag) or event.command.flag != command.flag
        ]
        self._set(stand, tuple(kept))

    def take(self, stands: Sequence[int]) -> "FaultSchedule":
        """A schedule of its own with the events left of these stands, in this order."""
        taken = FaultSchedule(len(stands))
        for position, stand in enumerate(stands):
            taken._set(position, self._events[stand])
            taken.has_begun[position] = self.has_begun[stand]
        return taken

    def _set(self, stand: int, events: tuple[FaultEvent, ...]) -> None:
        self._events[stand] = events
        self.next_seconds[stand] = events[0].seconds if events else np.inf
        self.num_injections_left[stand] = sum(not event.is_clearance for event in events)
