"""A flat load in which users do more of one thing than usual."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from clusters.topology import Application
from envs.demand import per_application
from envs.random_columns import RandomColumns
from envs.workloads.mix import shares_of
from envs.workloads.workload import LoadRequests, Loads, open_loads

CHECKOUT_JOURNEYS = ("checkout",)
WRITING_JOURNEYS = ("add_to_cart", "checkout")
CHECKOUT_FACTORS = (1.5, 1.9)
"""More orders than on an ordinary day; the healthy application still masters them."""
WRITE_FACTORS = (0.15, 0.4)


class EmphasisedMix:
    """Multiplies the weight of some journeys' requests by a drawn factor; the total rate stays.

    Args:
        journeys: whose requests.
        factors: bounds of the factor.
    """

    def __init__(self, journeys: tuple[str, ...], factors: tuple[float, float]) -> None:
        self._factors = factors
        self._is_meant: Callable[[Application], NDArray[np.bool_]] = per_application(
            lambda application: np.array([request.journey in journeys for request in application.request_types])
        )

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """Flat traces with other mixes."""
        factor = rng.between(*self._factors)
        factors = np.where(self._is_meant(requests.application), factor[:, None], 1.0)
        mixes = shares_of(requests.mixes * factors)
        return open_loads(requests, np.ones((len(requests), 1)), mixes)
