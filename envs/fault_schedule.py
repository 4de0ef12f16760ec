"""Which fault commands are due when, for N stands at once.

Legend: N stands.
"""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from clusters.commands import OperatorCommand, SetFlag, ShiftTraffic
from clusters.fault_events import FaultEvent, fault_events, is_made_void
from clusters.scenario import ScheduledFault


class FaultSchedule:
    """The fault events of each stand in time order; arrays say for all stands at once what is due."""

    def __init__(self, num_stands: int) -> None:
        self._events: list[tuple[FaultEvent, ...]] = [()] * num_stands
        self._taken: list[int] = [0] * num_stands
        """How many of its events each stand is past."""
        self.next_seconds = np.full(num_stands, np.inf)
        """[N] time of the next event."""
        self.num_injections_left = np.zeros(num_stands, dtype=np.int64)
        """[N] injections still to come."""
        self.has_begun = np.zeros(num_stands, dtype=np.bool_)
        """[N] whether any fault was injected since the reset."""

    def load(self, stands: Sequence[int], faults: Sequence[Sequence[ScheduledFault]]) -> None:
        """Replace the events of some stands by those of their scenarios' faults."""
        self.has_begun[stands] = False
        self._set(stands, [fault_events(of_stand) for of_stand in faults])

    def pop_due(self, stands: list[int], now_seconds: list[float]) -> list[tuple[FaultEvent, ...]]:
        """The events of these stands that are due at each one's time, taken out of the schedule."""
        due, next_seconds, num_injections = [], [], []
        for stand, now in zip(stands, now_seconds, strict=True):
            events, first = self._events[stand], self._taken[stand]
            last, injections, seconds = first, 0, np.inf
            for seconds, _, _, is_clearance in islice(events, first, None):
                if seconds > now:
                    break
                last += 1
                injections += not is_clearance
            due.append(events[first:last])
            self._taken[stand] = last
            next_seconds.append(seconds if last < len(events) else np.inf)
            num_injections.append(injections)
        self.next_seconds[stands] = next_seconds
        injected = np.array(num_injections, dtype=np.int64)
        self.num_injections_left[stands] -= injected
        self.has_begun[stands] |= injected > 0
        return due

    def heal(self, stand: int, command: OperatorCommand) -> None:
        """Drop the injections to come that an operator's command makes void, once a fault has begun."""
        if isinstance(command, SetFlag | ShiftTraffic) and self.has_begun[stand]:
            to_come = self._events[stand][self._taken[stand] :]
            self._set([stand], [tuple(event for event in to_come if not is_made_void(event, command))])

    def take(self, stands: Sequence[int] | NDArray[np.int64]) -> "FaultSchedule":
        """A schedule of its own with the events left of these stands, in this order."""
        rows = np.asarray(stands, dtype=np.int64)
        taken = FaultSchedule.__new__(FaultSchedule)
        taken._events = [self._events[row] for row in rows.tolist()]
        taken._taken = [self._taken[row] for row in rows.tolist()]
        taken.next_seconds = self.next_seconds[rows]
        taken.num_injections_left = self.num_injections_left[rows]
        taken.has_begun = self.has_begun[rows]
        return taken

    def _set(self, stands: Sequence[int], events: list[tuple[FaultEvent, ...]]) -> None:
        for stand, of_stand in zip(stands, events, strict=True):
            self._events[stand], self._taken[stand] = of_stand, 0
        self.next_seconds[stands] = [of_stand[0].seconds if of_stand else np.inf for of_stand in events]
        self.num_injections_left[stands] = [
            len(of_stand) - sum([event.is_clearance for event in of_stand]) for of_stand in events
        ]
