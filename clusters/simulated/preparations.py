"""Which warm-ups were played ahead of time, for which resets, and where.

Legend: K stands.
"""

from collections import defaultdict, deque
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clusters.scenario_columns import ScenarioColumns

Ints = NDArray[np.int64]
Batch = TypeVar("Batch")


class _Prepared(NamedTuple, Generic[Batch]):
    """One warm-up: the scenario and the stand's seed, and the batch and the column that hold it."""

    source: object
    source_row: int
    seed: int
    batch: Batch
    column: int


class Preparations(Generic[Batch]):
    """For each stand, the resets that were prepared and not asked for yet, in their order."""

    def __init__(self) -> None:
        self._waiting: dict[int, deque[_Prepared[Batch]]] = defaultdict(deque)  # only of those that wait for any

    def enter(self, stands: Ints, scenarios: ScenarioColumns, seeds: list[int], batch: Batch) -> None:
        """Resets of these stands are prepared: the k-th in column k of a batch."""
        told = scenarios.sources.tolist(), scenarios.source_rows.tolist(), seeds
        for column, (stand, source, source_row, seed) in enumerate(zip(stands.tolist(), *told, strict=True)):
            self._waiting[stand].append(_Prepared(source, source_row, seed, batch, column))

    def use(self, stands: Ints, scenarios: ScenarioColumns, seeds: list[int]) -> dict[int, tuple[Batch, Ints, Ints]]:
        """Where these resets were prepared: (batch, [k] which of them, [k] their columns), by the batch's identity.

        What was prepared for these stands before that is forgotten; all of it where a reset is none of them.
        """
        told = scenarios.sources.tolist(), scenarios.source_rows.tolist(), seeds
        found: dict[int, tuple[Batch, list[int], list[int]]] = {}
        for k, (stand, source, source_row, seed) in enumerate(zip(stands.tolist(), *told, strict=True)):
            waiting = self._waiting.pop(stand, None)
            while waiting:
                prepared = waiting.popleft()
                if prepared.source is source and (prepared.source_row, prepared.seed) == (source_row, seed):
                    _, which, columns = found.setdefault(id(prepared.batch), (prepared.batch, [], []))
                    which.append(k)
                    columns.append(prepared.column)
                    self._waiting[stand] = waiting
                    break
        return {key: (batch, np.array(which), np.array(columns)) for key, (batch, which, columns) in found.items()}
