"""Which fault commands are due when, for N stands at once.

Legend: N stands.
"""

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command, OperatorCommand, SetFlag, ShiftTraffic
from clusters.fault_events import FaultEvent, event_rows, is_made_void
from clusters.scenario import ScheduledFault

Due = tuple[int, str, Command]
"""(stand, fault id, command)"""
_HEALING = (SetFlag, ShiftTraffic)


class _Course(NamedTuple):
    """The events of one stand in time order, as columns: a thousand stands keep few objects, which are dear to keep."""

    seconds: tuple[float, ...]
    """After the warm-up; infinity stands behind the last."""
    fault_ids: tuple[str, ...]
    commands: tuple[Command, ...]
    num_left: tuple[int, ...]
    """Injections that are left once so many of the events are past."""

    @classmethod
    def of(cls, events: Sequence[tuple[float, str, Command, bool]]) -> "_Course":
        if not events:
            return _NOTHING
        seconds, fault_ids, commands, clearances = zip(*events, strict=True)
        left = len(events) - sum(clearances)
        num_left = [left]
        for is_clearance in clearances:
            left -= not is_clearance
            num_left.append(left)
        return cls((*seconds, inf), fault_ids, commands, tuple(num_left))

    def events(self, first: int) -> list[FaultEvent]:
        """From this one on."""
        return [
            FaultEvent(self.seconds[k], self.fault_ids[k], self.commands[k], self.num_left[k] == self.num_left[k + 1])
            for k in range(first, len(self.commands))
        ]


_NOTHING = _Course((inf,), (), (), (0,))


class FaultSchedule:
    """The fault events of each stand in time order; arrays say for all stands at once what is due."""

    def __init__(self, num_stands: int) -> None:
        self._courses = [_NOTHING] * num_stands
        self._num_past = [0] * num_stands
        self.next_seconds = np.full(num_stands, np.inf)
        """[N] time of the next event."""
        self.num_injections_left = np.zeros(num_stands, dtype=np.int64)
        """[N] injections still to come."""
        self.has_begun = np.zeros(num_stands, dtype=np.bool_)
        """[N] whether any fault was injected since the reset."""

    def load(self, stands: Sequence[int], faults: Sequence[Sequence[ScheduledFault]]) -> None:
        """Replace the events of some stands by those of their scenarios' faults."""
        self.has_begun[stands] = False
        rows = [event_rows(of_stand) for of_stand in faults]
        self._set(stands, [_Course.of(of_stand) for of_stand in rows])

    def pop_due(self, stands: NDArray[np.int64], now_seconds: NDArray[np.float64]) -> list[Due]:
        """What is due on these stands [K] at each one's time [K], taken out of the schedule."""
        due: list[Due] = []
        next_seconds, num_left = [], []
        for stand, now in zip(stands.tolist(), now_seconds.tolist(), strict=True):
            (seconds, fault_ids, commands, left), event = self._courses[stand], self._num_past[stand]
            while seconds[event] <= now:
                due.append((stand, fault_ids[event], commands[event]))
                event += 1
            self._num_past[stand] = event
            next_seconds.append(seconds[event])
            num_left.append(left[event])
        self.next_seconds[stands] = next_seconds
        self.has_begun[stands] |= self.num_injections_left[stands] > num_left
        self.num_injections_left[stands] = num_left
        return due

    def heal(self, stand: int, command: OperatorCommand) -> None:
        """Drop the injections to come that an operator's command makes void, once a fault has begun."""
        if isinstance(command, _HEALING) and self.has_begun[stand]:
            to_come = self._courses[stand].events(self._num_past[stand])
            self._set([stand], [_Course.of([event for event in to_come if not is_made_void(event, command)])])

    def take(self, stands: Sequence[int] | NDArray[np.int64]) -> "FaultSchedule":
        """A schedule of its own with the events left of these stands, in this order."""
        rows = np.asarray(stands, dtype=np.int64)
        taken = FaultSchedule.__new__(FaultSchedule)
        taken._courses = [self._courses[row] for row in rows.tolist()]
        taken._num_past = [self._num_past[row] for row in rows.tolist()]
        taken.next_seconds = self.next_seconds[rows]
        taken.num_injections_left = self.num_injections_left[rows]
        taken.has_begun = self.has_begun[rows]
        return taken

    def _set(self, stands: Sequence[int], courses: Sequence[_Course]) -> None:
        for stand, course in zip(stands, courses, strict=True):
            self._courses[stand], self._num_past[stand] = course, 0
        self.next_seconds[stands] = [course.seconds[0] for course in courses]
        self.num_injections_left[stands] = [course.num_left[0] for course in courses]
