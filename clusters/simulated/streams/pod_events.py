"""What happened to the pods of N stands: noted as it happens, read as Kubernetes events.

A note is a row in a few flat columns, so nothing is paid where nothing happens, and a fork is one gather.
"""

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_BLOCKS_BETWEEN_DROPS: Final = 256
"""After so many noted blocks the old notes are dropped."""


class PodEventReason(IntEnum):
    """Why an event is told; the count is of replicas unless said otherwise."""

    KILLING = 0
    """Pods stopped: by a fault, a scale-down, a roll-out or an operator."""
    OOM_KILLED = 1
    """Containers killed for their memory; they start again in place."""
    BACK_OFF = 2
    """Containers whose restart is delayed because they crashed too often."""
    UNHEALTHY = 3
    """Failed readiness probes."""
    SCALING_REPLICA_SET = 4
    """Replicas added (positive) or taken away (negative)."""
    STARTED = 5
    """Containers whose image was pulled and that were started; they take requests `startup_seconds` later."""
    FAILED_PULL = 6
    """Images that could not be pulled."""


class PodEventRows(NamedTuple):
    """[M] notes, oldest first for each stand."""

    stand: Ints
    service: Ints
    """Internal index."""
    reason: Ints
    tick: Ints
    number: Ints
    """How many; never 0, negative only for SCALING_REPLICA_SET."""


class PodEvents:
    """The notes of N stands since their resets, at most `kept_ticks` back."""

    def __init__(self, num_stands: int, kept_ticks: int) -> None:
        self._num_stands = num_stands
        self._kept_ticks = kept_ticks
        self._blocks: list[PodEventRows] = []
        self._blocks_since_drop = 0
        self._num_rows = 0
        self._first_row: Ints = np.zeros(num_stands, dtype=np.int64)
        """[N] rows before it are of a stand's life before its reset."""

    def on(self, stands: Ints) -> "PodEventSink":
        """Where to note what happens to these stands: column i of what is noted is stand `stands[i]`."""
        return PodEventSink(self, stands)

    def restart(self, stands: Ints) -> None:
        """Forget these stands' notes, as they begin anew."""
        self._first_row[stands] = self._num_rows

    def take(self, stands: Ints) -> "PodEvents":
        """A copy of some stands' notes, in the order given; a stand may be taken several times."""
        copy = PodEvents(len(stands), self._kept_ticks)
        if self._num_rows:
            rows = self._of_this_life()
            by_stand = np.argsort(rows.stand, kind="stable")
            edges = np.searchsorted(rows.stand[by_stand], np.arange(self._num_stands + 1))
            counts = np.diff(edges)[stands]
            owner = np.repeat(np.arange(len(stands)), counts)
            within = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
            picked = by_stand[edges[stands][owner] + within]
            copy._blocks, copy._num_rows = [_select(rows, picked)._replace(stand=owner)], len(owner)
        return copy

    def adopt(self, stands: Ints, source: "PodEvents", columns: Ints) -> None:
        """Replace the notes of these stands [K] by those that `source` has of its stands `columns` [K]."""
        self.restart(stands)
        for block in source.take(columns)._blocks:
            self._blocks.append(block._replace(stand=stands[block.stand]))
            self._num_rows += len(block.tick)

    def between(self, stand: int, first_tick: int, end_tick: int) -> PodEventRows:
        """One stand's notes of the ticks from `first_tick` to before `end_tick`, in the order they were made."""
        rows = _select(self._joined(), slice(int(self._first_row[stand]), None))
        return _select(rows, (rows.stand == stand) & (rows.tick >= first_tick) & (rows.tick < end_tick))

    def _of_this_life(self) -> PodEventRows:
        rows = self._joined()
        return _select(rows, np.arange(self._num_rows) >= self._first_row[rows.stand])

    def _joined(self) -> PodEventRows:
        if len(self._blocks) != 1:
            empty = np.zeros(0, dtype=np.int64)
            columns = zip(*self._blocks, strict=True) if self._blocks else [(empty,)] * len(PodEventRows._fields)
            self._blocks = [PodEventRows(*(np.concatenate(column) for column in columns))]
        return self._blocks[0]

    def _append(self, block: PodEventRows, now: Ints, stands: Ints) -> None:
        self._blocks.append(block)
        self._num_rows += len(block.tick)
        self._blocks_since_drop += 1
        if self._blocks_since_drop >= _BLOCKS_BETWEEN_DROPS:
            self._blocks_since_drop = 0
            oldest = np.zeros(self._num_stands, dtype=np.int64)
            oldest[stands] = now - self._kept_ticks
            rows = self._of_this_life()
            rows = _select(rows, rows.tick >= oldest[rows.stand])
            self._blocks, self._num_rows = [rows], len(rows.tick)
            self._first_row[:] = 0


class PodEventSink:
    """Takes the notes of the stands that are being stepped."""

    def __init__(self, events: PodEvents, stands: Ints) -> None:
        self._events = events
        self._stands = stands

    def note(self, reason: PodEventReason, tick: Ints, count: NDArray[np.generic]) -> None:
        """Note what happened in this tick.

        Args:
            reason: why.
            tick: [n] ticks of these stands since their resets.
            count: [S, n] how many, 0 or False where nothing happened; services in internal order.
        """
        # On one axis, because numpy's `nonzero` is far slower on two.
        service, column = np.divmod(np.flatnonzero(count), count.shape[1])
        if len(service):
            self.note_pairs(reason, tick, service, column, count[service, column].astype(np.int64))

    def note_pairs(self, reason: PodEventReason, tick: Ints, service: Ints, column: Ints, number: Ints) -> None:
        """The same for these pairs [P] of a service and a column, at a cost that does not grow with the batch."""
        block = PodEventRows(
            stand=self._stands[column],
            service=service,
            reason=np.full(len(service), int(reason)),
            tick=tick[column],
            number=number,
        )
        self._events._append(block, tick, self._stands)

    def note_one(self, reason: PodEventReason, tick: int, service: int, count: int, column: int = 0) -> None:
        """The same for one service of one stand, at a cost that does not grow with the batch."""
        if count:
            stand = self._stands[column : column + 1]
            block = PodEventRows(stand, *(np.array([value]) for value in (service, int(reason), tick, count)))
            self._events._append(block, block.tick, stand)


def _select(rows: PodEventRows, index: NDArray[np.generic] | slice) -> PodEventRows:
    return PodEventRows(*(column[index] for column in rows))
