"""Where the signals of a bucket stand: all levels side by side in one run of rows."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS
from clusters.topology import Application

LEVELS: Final = {
    "nodes": NODE_SIGNALS,
    "edges": EDGE_SIGNALS,
    "journeys": JOURNEY_SIGNALS,
    "stand": STAND_SIGNALS,
}
SEEN: Final = {"nodes": "nodes_seen", "edges": "edges_seen"}
"""Levels that are scraped, and what is seen of them; the load generator knows the others itself."""


class Layout:
    """Rows of an application's levels; with `is_scraped` those of what is seen as well.

    A signal's entities lie side by side: who reads a signal of all services finds it in one place.
    """

    def __init__(self, application: Application, *, is_scraped: bool = False) -> None:
        entities = (len(application.services), len(application.edges), len(application.journeys), 1)
        shapes = {name: (len(signals), num) for num, (name, signals) in zip(entities, LEVELS.items(), strict=True)}
        if is_scraped:
            shapes |= {seen: shapes[name] for name, seen in SEEN.items()}
        self._shapes = shapes
        ends = np.cumsum([math.prod(shape) for shape in shapes.values()]).tolist()
        self._ends: dict[str, int] = dict(zip(shapes, ends, strict=True))

    @property
    def num_told(self) -> int:
        """Rows of the levels themselves, which stand first."""
        return self._ends["stand"]

    @property
    def num_rows(self) -> int:
        """All rows."""
        return max(self._ends.values())

    def level(self, rows: NDArray[Any], name: str) -> NDArray[Any]:
        """A level [..., entities, signals]: a view of [..., rows]."""
        return self.by_signal(rows, name).swapaxes(-1, -2)

    def by_signal(self, rows: NDArray[Any], name: str, axis: int = -1) -> NDArray[Any]:
        """A level [..., signals, entities, ...]: a view of rows, which are this axis."""
        shape, end = self._shapes[name], self._ends[name]
        axis %= rows.ndim
        chosen = rows[(slice(None),) * axis + (slice(end - math.prod(shape), end),)]
        return chosen.reshape(*rows.shape[:axis], *shape, *rows.shape[axis + 1 :])
