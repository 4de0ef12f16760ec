"""A flat load in which users do more of one thing than usual."""

from collections.abc import Callable

from clusters.scenario import WorkloadTrace
from clusters.topology import Application
from envs.demand import per_application
from envs.random_stream import RandomStream
from envs.workloads.workload import STEP_SECONDS, LoadRequest, steady_rate

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
        self._is_meant: Callable[[Application], tuple[bool, ...]] = per_application(
            lambda application: tuple(request.journey in journeys for request in application.request_types)
        )

    def draw(self, request: LoadRequest, rng: RandomStream) -> WorkloadTrace:
        """A flat trace with another mix."""
        factor = rng.between(self._factors)
        is_meant = self._is_meant(request.application)
        weights = [share * (factor if meant else 1.0) for share, meant in zip(request.mix, is_meant, strict=True)]
        total = sum(weights)
        return WorkloadTrace(
            profile=self._profile,
            step_seconds=STEP_SECONDS,
            rates_rps=(steady_rate(request),) * request.num_steps,
            mix=tuple(weight / total for weight in weights),
        )
