"""What users ask for: the shares of request types, which every scenario draws around the application's.

Legend: K scenarios, R request types.
"""

import numpy as np

from clusters.topology import Application
from envs.demand import per_application
from envs.random_columns import RandomColumns
from envs.workloads.workload import Floats

MIX_SPREAD = 0.15
"""Standard deviation of the logarithm of each request type's weight."""


def drawn_mixes(application: Application, rng: RandomColumns) -> Floats:
    """[K, R] shares that sum to 1: what K scenarios draw around the application's weights."""
    nominal = _nominal_weights(application)
    return shares_of(nominal * np.exp(MIX_SPREAD * rng.normals(len(nominal))))


def shares_of(weights: Floats) -> Floats:
    """[K, R] weights as shares of their sum."""
    shares: Floats = weights / weights.cumsum(axis=1)[:, -1:]  # a plain sum adds in an order that depends on K
    return shares


@per_application
def _nominal_weights(application: Application) -> Floats:
    """[R] weight of each request type."""
    return np.array([request.weight for request in application.request_types])
