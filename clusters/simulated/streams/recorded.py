"""What the streams are told from: the recorded telemetry of one stand, by names, and its randomness."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.randomness import Words
from clusters.simulated.streams.draws import Draws
from clusters.telemetry import EDGE_SIGNALS, NODE_SIGNALS, TelemetryWindow
from clusters.topology import Application

Values = NDArray[np.float64]

_NODE_NAMES = tuple(signal.name for signal in NODE_SIGNALS)
_EDGE_NAMES = tuple(signal.name for signal in EDGE_SIGNALS)


@dataclass(frozen=True, kw_only=True)
class RecordedBuckets:
    """Consecutive buckets of one stand. Legend: T buckets, S services, E edges."""

    application: Application
    window: TelemetryWindow
    """One stand's, with NaN for what is missing."""
    seeds: Words
    """[T] of the stand's noise in each bucket."""
    first_bucket: int
    """Number of the first bucket since the stand's reset."""
    num_context: int = 0
    """The first so many buckets are only what came before: nothing is told of them."""

    @property
    def told(self) -> range:
        """Positions of the buckets to tell of."""
        return range(self.num_context, self.window.num_buckets)

    def draws(self, position: int, purpose: int) -> Draws:
        """The random numbers of one purpose in the bucket at a position."""
        return Draws(self.seeds[position : position + 1], self.first_bucket + position, purpose)

    def start_ns(self, position: int) -> int:
        """Start of a bucket."""
        return int(self.window.times_ns[position])

    @property
    def bucket_ns(self) -> int:
        """Length of a bucket."""
        return round(self.window.bucket_seconds * 1e9)

    @cached_property
    def nodes(self) -> dict[str, Values]:
        """Signal -> [T, S]; NaN where nothing is known."""
        values = self.window.nodes.astype(np.float64)
        return {signal.name: values[..., position] for position, signal in enumerate(NODE_SIGNALS)}

    @cached_property
    def edges(self) -> dict[str, Values]:
        """Signal -> [T, E]; NaN where nothing is known."""
        values = self.window.edges.astype(np.float64)
        return {signal.name: values[..., position] for position, signal in enumerate(EDGE_SIGNALS)}

    def node_readings(self, position: int) -> dict[str, dict[str, float]]:
        """Service -> signal -> value in one bucket; 0 where nothing is known, which is where nothing happened."""
        rows = np.nan_to_num(self.window.nodes[position].astype(np.float64)).tolist()
        names = self.application.service_names
        return {name: dict(zip(_NODE_NAMES, row, strict=True)) for name, row in zip(names, rows, strict=True)}

    def edge_readings(self, position: int) -> dict[tuple[str, str], dict[str, float]]:
        """The same of (caller, callee)."""
        rows = np.nan_to_num(self.window.edges[position].astype(np.float64)).tolist()
        edges = self.application.edges
        return {
            (edge.source, edge.target): dict(zip(_EDGE_NAMES, row, strict=True))
            for edge, row in zip(edges, rows, strict=True)
        }
