"""What a world model is made for: the application's shape and the time grid. Kept in checkpoints."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.topology import Application
from envs.time_scales import TimeScales

HORIZON_STEPS = 10
"""K: control steps that a model looks ahead."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Names and sizes that fix every array of a world model; two data sets of one layout can be mixed."""

    application: str
    services: tuple[str, ...]
    edges: tuple[tuple[int, int], ...]
    """(caller, callee) as service indices."""
    journeys: tuple[str, ...]
    bucket_seconds: float
    history_buckets: int
    """T"""
    buckets_per_step: int

    @classmethod
    def of(cls, application: Application, time_scales: TimeScales) -> "Layout":
        """The layout of an application on a time grid."""
        index = {name: position for position, name in enumerate(application.service_names)}
        return cls(
            application=application.name,
            services=application.service_names,
            edges=tuple((index[edge.source], index[edge.target]) for edge in application.edges),
            journeys=application.journey_names,
            bucket_seconds=time_scales.observation_bucket_seconds,
            history_buckets=time_scales.buckets_per_window,
            buckets_per_step=time_scales.buckets_per_step,
        )

    @classmethod
    def from_plain(cls, document: dict[str, Any]) -> "Layout":
        """The inverse of `dataclasses.asdict`, after a trip through a checkpoint (lists for tuples)."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
        }
        values["edges"] = tuple((int(source), int(target)) for source, target in document["edges"])
        return cls(**values)

    @property
    def horizon_buckets(self) -> int:
        """H."""
        return HORIZON_STEPS * self.buckets_per_step

    def neighbour_means(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Two [S, E] matrices that average the edges into, and out of, each service."""
        shape = (len(self.services), len(self.edges))
        into, out_of = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for position, (source, target) in enumerate(self.edges):
            into[target, position] = 1.0
            out_of[source, position] = 1.0
        into /= np.maximum(into.sum(axis=1, keepdims=True), 1.0)
        out_of /= np.maximum(out_of.sum(axis=1, keepdims=True), 1.0)
        return into, out_of
