"""A flat load in which users do more of one thing than usual."""

from collections.abc import Callable

import numpy as np

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.demand import per_application
from envs.workloads.workload import build_trace, num_steps, steady_rate

CHECKOUT_JOURNEYS = ("checkout",)
WRITING_JOURNEYS = ("add_to_cart", "checkout")
CHECKOUT_FACTORS = (1.5, 1.9)
"""More orders than on an ordinary day; the healthy application still masters them."""
WRITE_FACTORS = (0.15, 0.4)


class EmphasisedMix:
    """Multiplies the weight of some journeys' requests by a drawn factor; the total rate stays.

    Args:
        profile: its name.
        journeys: whose requests.
        factors: bounds of the factor.
    """

    def __init__(self, profile: str, journeys: tuple[str, ...], factors: tuple[float, float]) -> None:
        self._profile = profile
        self._factors = factors
        self._is_meant: Callable[[Application], np.ndarray] = per_application(
            lambda application: np.array([request.journey in journeys for request in application.request_types])
        )

    def draw(
        self, application: Application, level: float, duration_seconds: float, rng: np.random.Generator
    ) -> WorkloadTrace:
        """A flat trace with another mix."""
        emphasis = np.where(self._is_meant(application), rng.uniform(*self._factors), 1.0)
        rates = (steady_rate(application, level),) * num_steps(duration_seconds)
        return build_trace(self._profile, application, rates, rng, emphasis=emphasis)
