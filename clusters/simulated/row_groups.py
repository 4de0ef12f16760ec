"""Adds up rows by group: the sum over a graph's branches, for all stands at once.

Rows are added in a fixed order, member after member, so that a stand's sum does not depend on the batch's size
(numpy's own sums over an axis do), and whole blocks of rows at a time, because a numpy call costs more than a row.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_FEW = 12
"""Folds of one row that cost less than bringing groups into the order of their sizes and back."""


class RowGroups:
    """Which of X rows belong to each of G groups; a row may belong to several groups, or to none."""

    def __init__(self, members: Sequence[Sequence[int]]) -> None:
        order = sorted(range(len(members)), key=lambda g: -len(members[g]))
        self.num_groups = len(members)
        depth = max((len(rows) for rows in members), default=0)
        self._rounds: tuple[Ints, ...] = tuple(
            np.array([members[g][k] for g in order if len(members[g]) > k], dtype=np.int64) for k in range(depth)
        )
        further = [(g, row) for g, rows in enumerate(members) for row in rows[1:]]
        self._filled = np.array([g for g, rows in enumerate(members) if rows], dtype=np.int64)
        self._first = np.array([rows[0] for rows in members if rows], dtype=np.int64)
        self._further = further if len(further) <= _FEW else None
        """(group, row) of all members but the first of each, where they are so few that they are folded row by row."""
        place = np.empty(len(members), dtype=np.int64)
        place[order] = np.arange(len(members))
        self._place: Ints | None = None if np.array_equal(place, np.arange(len(members))) else place
        self.is_identity = depth == 1 and self._place is None and np.array_equal(self._rounds[0], np.arange(len(place)))

    @classmethod
    def by_owner(cls, owners: Sequence[int], num_groups: int) -> "RowGroups":
        """Row x belongs to the group `owners[x]`; a negative owner is none."""
        members: list[list[int]] = [[] for _ in range(num_groups)]
        for row, owner in enumerate(owners):
            if owner >= 0:
                members[owner].append(row)
        return cls(members)

    def sum(self, rows: Floats) -> Floats:
        """[..., X, N] -> [..., G, N]; a group without members gets zeros. May return `rows` itself."""
        if self.is_identity and rows.shape[-2] == self.num_groups:
            return rows
        return self._fold(rows, np.add)

    def greatest(self, rows: Floats) -> Floats:
        """[..., X, N] -> [..., G, N] the greatest of each group's rows; 0 without members."""
        return self._fold(rows, np.maximum)

    def least(self, rows: Floats) -> Floats:
        """[..., X, N] -> [..., G, N] the least of each group's rows; infinite without members."""
        return self._fold(rows, np.minimum, np.inf)

    def _fold(self, rows: Floats, fold: np.ufunc, empty: float = 0.0) -> Floats:
        if self._further is not None:
            total = rows.take(self._first, axis=-2)
            if len(self._filled) < self.num_groups:
                filled = total
                total = np.full((*rows.shape[:-2], self.num_groups, rows.shape[-1]), empty, dtype=rows.dtype)
                total[..., self._filled, :] = filled
            for group, row in self._further:
                part = total[..., group, :]
                fold(part, rows[..., row, :], out=part)
            return total
        first = 0
        if self._rounds and len(self._rounds[0]) == self.num_groups:
            total = rows.take(self._rounds[0], axis=-2)
            first = 1
        else:
            total = np.full((*rows.shape[:-2], self.num_groups, rows.shape[-1]), empty, dtype=rows.dtype)
        for members in self._rounds[first:]:
            part = total[..., : len(members), :]
            fold(part, rows.take(members, axis=-2), out=part)
        return total if self._place is None else total.take(self._place, axis=-2)
