"""Which fault commands are due when, for N stands at once.

Legend: N stands.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetFlag, ShiftTraffic
from clusters.fault_events import FaultEvent, fault_events, is_made_void
from clusters.scenario import ScheduledFault


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
        self.has_begun[stand] = False
        self._set(stand, fault_events(faults))

    def pop_due(self, stands: list[int], now_seconds: list[float]) -> list[tuple[FaultEvent, ...]]:
        """The events of these stands that are due at each one's time, taken out of the schedule."""
        due, next_seconds, num_injections = [], [], []
        for stand, now in zip(stands, now_seconds, strict=True):
            events = self._events[stand]
            count = injections = 0
            for event in events:
                if event.seconds > now:
                    break
                count += 1
                injections += not event.is_clearance
            due.append(events[:count])
            self._events[stand] = events[count:]
            next_seconds.append(events[count].seconds if count < len(events) else np.inf)
            num_injections.append(injections)
        self.next_seconds[stands] = next_seconds
        self.num_injections_left[stands] -= num_injections
        self.has_begun[stands] |= np.array(num_injections, dtype=np.int64) > 0
        return due

    def heal(self, stand: int, command: OperatorCommand) -> None:
        """Drop the injections to come that an operator's command makes void, once a fault has begun."""
        if isinstance(command, SetFlag | ShiftTraffic) and self.has_begun[stand]:
            self._set(stand, tuple(event for event in self._events[stand] if not is_made_void(event, command)))

    def take(self, stands: Sequence[int] | NDArray[np.int64]) -> "FaultSchedule":
        """A schedule of its own with the events left of these stands, in this order."""
        rows = np.asarray(stands, dtype=np.int64)
        taken = FaultSchedule.__new__(FaultSchedule)
        taken._events = [self._events[row] for row in rows.tolist()]
        taken.next_seconds = self.next_seconds[rows]
        taken.num_injections_left = self.num_injections_left[rows]
        taken.has_begun = self.has_begun[rows]
        return taken

    def _set(self, stand: int, events: tuple[FaultEvent, ...]) -> None:
        self._events[stand] = events
        self.next_seconds[stand] = events[0].seconds if events else np.inf
        self.num_injections_left[stand] = sum(not event.is_clearance for event in events)
