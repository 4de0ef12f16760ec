"""What users ask for: the shares of request types, which every scenario draws around the application's."""

from collections.abc import Sequence

import numpy as np

from clusters.topology import Application
from envs.demand import per_application
from envs.random_stream import Floats, normals

MIX_SPREAD = 0.15
"""Standard deviation of the logarithm of each request type's weight."""


def drawn_mixes(application: Application, seeds: Sequence[int], key: int) -> list[tuple[float, ...]]:
    """[K] of [R] shares that sum to 1: what `seeds` [K] draw around the application's weights."""
    nominal = _nominal_weights(application)
    weights = nominal * np.exp(MIX_SPREAD * normals(seeds, key, len(nominal)))
    weights /= weights.cumsum(axis=1)[:, -1:]  # a plain sum adds in an order that depends on K
    return list(map(tuple, weights.tolist()))


@per_application
def _nominal_weights(application: Application) -> Floats:
    """[R] weight of each request type."""
    return np.array([request.weight for request in application.request_types])
