"""Which fault commands are due when, for N stands at once.

Legend: N stands, F faults of a stand at most.
"""

from collections.abc import Sequence
from math import inf
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clusters.commands import Command, OperatorCommand, SetFlag, ShiftTraffic
from clusters.fault_events import FaultEvent, is_made_void
from clusters.scenario import ScheduledFault
from envs.kernels.due import put_courses, put_next, take_due

Due = tuple[int, str, Command]
"""(stand, fault id, command)"""
Injections = tuple[tuple[float, Command], ...]
"""(seconds after the warm-up, command), in time order."""
T = TypeVar("T")
_HEALING = (SetFlag, ShiftTraffic)


class FaultSchedule:
    """What of each stand's faults is still to come; arrays say for all stands at once what is due.

    The commands stay where the scenarios have them: a thousand stands keep no objects of their own, which would be dear
    to make, and dear to find in memory.
    """

    def __init__(self, num_stands: int) -> None:
        self._fault_ids: list[list[str]] = []  # [F][N]
        self._clearances: list[list[Command | None]] = []  # [F][N]
        self._injections: list[list[Injections]] = []  # [F][N] that are left, or were when anything was last healed
        self._num_injected = np.zeros((0, num_stands), dtype=np.int64)  # [F, N] of these injections
        self._inject_seconds = np.zeros((0, num_stands))  # [F, N] when each fault is injected next; infinite: never
        self._clear_seconds = np.zeros((0, num_stands))  # [F, N] when each is cleared; infinite: never, or it was
        self._due = np.empty((3, num_stands), dtype=np.int64)  # room for `take_due`
        self.next_seconds = np.full(num_stands, inf)
        """[N] time of the next event."""
        self.num_injections_left = np.zeros(num_stands, dtype=np.int64)
        """[N] injections still to come."""
        self.has_begun = np.zeros(num_stands, dtype=np.bool_)
        """[N] whether any fault was injected since the reset."""

    def load(self, stands: Sequence[int], faults: Sequence[Sequence[ScheduledFault]]) -> None:
        """Replace the faults of some stands by those of their scenarios."""
        self._make_room(max(map(len, faults), default=0))
        num_faults = len(self._injections)
        inject_seconds, clear_seconds = ([[inf] * len(stands) for _ in range(num_faults)] for _ in range(2))
        num_left = []
        for k, (stand, of_stand) in enumerate(zip(stands, faults, strict=True)):
            left = 0
            for f, fault in enumerate(of_stand):
                self._fault_ids[f][stand], self._clearances[f][stand] = fault.fault_id, fault.clearance
                self._injections[f][stand] = injections = fault.injections
                left += len(injections)
                if injections:
                    inject_seconds[f][k] = injections[0][0]
                if fault.end_seconds is not None and fault.clearance is not None:
                    clear_seconds[f][k] = fault.end_seconds
            num_left.append(left)
        first_seconds = np.array([inject_seconds, clear_seconds], dtype=np.float64)
        put_courses(
            np.array(stands, dtype=np.int64),
            first_seconds.reshape(2, num_faults, len(stands)),  # also where there is no fault at all
            np.array(num_left, dtype=np.int64),
            self._clear_seconds,
            self._inject_seconds,
            self._num_injected,
            self.next_seconds,
            self.num_injections_left,
            self.has_begun,
        )

    def pop_due(self, moving: NDArray[np.bool_], now_seconds: NDArray[np.float64]) -> list[Due]:
        """What is due on the stands that move [N] at each one's time [N], taken out of the schedule.

        A stand's events come in time order; at one time clearances come first.

        Raises:
            ValueError: the injections of a scenario's fault are in no time order.
        """
        due: list[Due] = []
        is_more = True
        while is_more:
            num_due = take_due(
                moving,
                now_seconds,
                self.next_seconds,
                self._clear_seconds,
                self._inject_seconds,
                self._num_injected,
                self.num_injections_left,
                self.has_begun,
                self._due,
            )
            events = self._due[:, :num_due]
            following = np.array(self._look_up(events, due), dtype=np.float64)
            is_more, is_in_order = put_next(
                events, following, now_seconds, self._clear_seconds, self._inject_seconds, self.next_seconds
            )
            if not is_in_order:
                raise ValueError("a fault of a scenario has injections out of time order; sort them")
        return due

    def _look_up(self, events: NDArray[np.int64], due: list[Due]) -> list[float]:
        """Append the commands of these events [3, K]; [K] when each one's fault is injected next."""
        fault_ids, clearances, injections = self._fault_ids, self._clearances, self._injections
        following: list[float] = []
        for stand, f, number in zip(*events.tolist(), strict=True):
            seconds = inf
            if number < 0:
                command = clearances[f][stand]
                assert command is not None
            else:
                of_fault = injections[f][stand]
                command = of_fault[number][1]
                if number + 1 < len(of_fault):
                    seconds = of_fault[number + 1][0]
            due.append((stand, fault_ids[f][stand], command))
            following.append(seconds)
        return following

    def heal(self, stand: int, command: OperatorCommand) -> None:
        """Drop the injections to come that an operator's command makes void, once a fault has begun."""
        if not (isinstance(command, _HEALING) and self.has_begun[stand]):
            return
        for f in np.flatnonzero(self._inject_seconds[:, stand] < inf).tolist():
            to_come = self._injections[f][stand][int(self._num_injected[f, stand]) :]
            left = tuple(
                (seconds, injection)
                for seconds, injection in to_come
                if not is_made_void(FaultEvent(seconds, "", injection, False), command)
            )
            self._injections[f][stand], self._num_injected[f, stand] = left, 0
            self._inject_seconds[f, stand] = left[0][0] if left else inf
            self.num_injections_left[stand] -= len(to_come) - len(left)
        self.next_seconds[stand] = min(self._inject_seconds[:, stand].min(), self._clear_seconds[:, stand].min())

    def take(self, stands: Sequence[int] | NDArray[np.int64]) -> "FaultSchedule":
        """A schedule of its own with the events left of these stands, in this order."""
        rows = np.asarray(stands, dtype=np.int64)
        taken = FaultSchedule(len(rows))
        taken._fault_ids = _rows(self._fault_ids, rows)
        taken._clearances, taken._injections = _rows(self._clearances, rows), _rows(self._injections, rows)
        taken._num_injected = self._num_injected[:, rows]
        taken._inject_seconds, taken._clear_seconds = self._inject_seconds[:, rows], self._clear_seconds[:, rows]
        taken.next_seconds = self.next_seconds[rows]
        taken.num_injections_left = self.num_injections_left[rows]
        taken.has_begun = self.has_begun[rows]
        return taken

    def _make_room(self, num_faults: int) -> None:
        num_stands = len(self.next_seconds)
        for _ in range(num_faults - len(self._injections)):
            self._fault_ids.append([""] * num_stands)
            self._clearances.append([None] * num_stands)
            self._injections.append([()] * num_stands)
            never = np.full((1, num_stands), inf)
            self._num_injected = np.concatenate([self._num_injected, np.zeros((1, num_stands), dtype=np.int64)])
            self._inject_seconds = np.concatenate([self._inject_seconds, never])
            self._clear_seconds = np.concatenate([self._clear_seconds, never])


def _rows(columns: list[list[T]], rows: NDArray[np.int64]) -> list[list[T]]:
    """[F][K] of these stands."""
    return [[column[row] for row in rows.tolist()] for column in columns]
