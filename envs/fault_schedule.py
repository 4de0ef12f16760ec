"""Which fault commands are due when, for N stands at once.

Legend: N stands, E fault events of a stand at most.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command, OperatorCommand, SetFlag, ShiftTraffic
from clusters.fault_events import FaultEvent, is_made_void
from clusters.fault_rows import ROW, Row, Rows, Verb, command_of, plain
from clusters.scenario_columns import ScenarioColumns
from clusters.topology import Application
from envs.kernels.due import VOID, put_courses, take_due

Ints = NDArray[np.int64]
HEALING: dict[type, tuple[int, int]] = {
    SetFlag: (int(Verb.SET_FLAG), int(Verb.GIVEN)),
    ShiftTraffic: (int(Verb.SHIFT_TRAFFIC), int(Verb.GIVEN)),
}
"""Operators' commands that can make injections void, and the verbs of what they can."""


class DueEvents(NamedTuple):
    """Fault events that are due, stand by stand in time order."""

    stands: Ints
    """[D]"""
    events: Rows
    """[D]"""


NOTHING_DUE = DueEvents(np.empty(0, dtype=np.int64), np.empty(0, dtype=ROW))


class FaultSchedule:
    """What of each stand's faults is still to come, as rows: a thousand stands keep no objects of their own."""

    def __init__(self, application: Application, num_stands: int) -> None:
        self._application = application
        self._room = NOTHING_DUE  # for as many events as ever were due at once
        self._events = np.zeros((num_stands, 0), dtype=ROW)
        self._num_events = np.zeros(num_stands, dtype=np.int64)
        self._position = np.zeros(num_stands, dtype=np.int64)  # of each stand's next event
        self._fault_ids = np.full(num_stands, None, dtype=object)  # tuples of str
        self._given = np.full(num_stands, None, dtype=object)  # tuples of commands
        self.next_seconds = np.full(num_stands, inf)
        """[N] time of the next event."""
        self.num_injections_left = np.zeros(num_stands, dtype=np.int64)
        """[N] injections still to come."""
        self.has_begun = np.zeros(num_stands, dtype=np.bool_)
        """[N] whether any fault was injected since the reset."""

    def load(self, stands: Ints, scenarios: ScenarioColumns) -> None:
        """Replace the faults of some stands by those of their scenarios."""
        if self._events.shape[1] < scenarios.events.shape[1]:
            wide = np.zeros((len(self._events), scenarios.events.shape[1]), dtype=ROW)
            wide[:, : self._events.shape[1]] = self._events
            self._events = wide
        self._fault_ids[stands], self._given[stands] = scenarios.fault_ids, scenarios.given
        put_courses(
            stands,
            scenarios.events,
            scenarios.num_events,
            self._events,
            self._num_events,
            self._position,
            self.next_seconds,
            self.num_injections_left,
            self.has_begun,
        )

    def pop_due(
        self,
        moving: NDArray[np.bool_],
        elapsed_seconds: NDArray[np.float64],
        bucket_seconds: float,
        num_buckets: int = 1,
    ) -> list[DueEvents]:
        """Take what is due at the starts of the next buckets from the stands that move, bucket by bucket.

        A stand's events come in time order; at one time clearances come first. Valid until the next call.

        Args:
            moving: [N]
            elapsed_seconds: [N] at the start of the first bucket.
            bucket_seconds: length of a bucket.
            num_buckets: how many.
        """
        ends = np.empty(num_buckets, dtype=np.int64)
        asked = moving, elapsed_seconds, bucket_seconds, self._events, self._num_events, self._position
        kept = self.next_seconds, self.num_injections_left, self.has_begun
        num_due = take_due(*asked, *kept, ends, *self._room)
        if num_due > len(self._room.stands):
            self._room = DueEvents(np.empty(num_due, dtype=np.int64), np.empty(num_due, dtype=ROW))
            take_due(*asked, *kept, ends, *self._room)
        stands, events = self._room
        begins = [0, *ends.tolist()]
        return [DueEvents(stands[begin:end], events[begin:end]) for begin, end in pairwise(begins)]

    def fault_ids(self, stands: Ints) -> NDArray[np.object_]:
        """[K] tuples of str: what the events of these stands [K] count."""
        ids: NDArray[np.object_] = self._fault_ids[stands]
        return ids

    def fault_id(self, stand: int, event: Row) -> str:
        """Of the fault that an event of a stand belongs to."""
        fault_id: str = self._fault_ids[stand][event.fault]
        return fault_id

    def command(self, stand: int, event: Row) -> Command:
        """The command of an event of a stand."""
        return command_of(event, self._application, self.fault_id(stand, event), self._given[stand])

    def heal(self, stand: int, command: OperatorCommand) -> None:
        """Drop the injections to come that an operator's command makes void, once a fault has begun."""
        verbs = HEALING.get(type(command), ())
        if not (verbs and self.has_begun[stand] and self.num_injections_left[stand]):
            return
        to_come = self._events[stand, self._position[stand] : self._num_events[stand]]
        left: list[float] = []
        for e, event in enumerate(plain(to_come)):
            if event.verb in verbs and self._is_made_void(stand, event, command):
                to_come["verb"][e] = Verb.NONE
                self.num_injections_left[stand] -= 1
            elif event.verb != VOID:
                left.append(event.seconds)
        self.next_seconds[stand] = left[0] if left else inf

    def _is_made_void(self, stand: int, event: Row, command: OperatorCommand) -> bool:
        told = FaultEvent(event.seconds, "", self.command(stand, event), event.is_clearance)
        return is_made_void(told, command)

    def take(self, stands: Sequence[int] | Ints) -> "FaultSchedule":
        """A schedule of its own with the events left of these stands, in this order."""
        rows = np.asarray(stands, dtype=np.int64)
        taken = FaultSchedule(self._application, len(rows))
        for name, values in vars(self).items():
            if isinstance(values, np.ndarray):
                setattr(taken, name, values[rows])
        return taken
