"""The weighted sum of all terms, with its breakdown."""

from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from envs.rewards.reward_context import RewardContext
from envs.rewards.reward_terms import Terms, judge


@dataclass(frozen=True, kw_only=True)
class RewardWeights:
    """How much each term counts. The first four are each worth at most their weight per step."""

    slo_violation: float = 1.0
    latency_excess: float = 0.3
    error_rate: float = 0.3
    recovery_time: float = 0.4
    resource_cost: float = 0.3
    """Of doubling the stand's reserved CPU for a step."""
    features_off: float = 0.3
    """Of a step without any of the optional features."""
    instability: float = 0.5
    unsafe_actions: float = 0.5
    """Of one unsafe action."""
    escalation: float = 1.0
    """Of one step left to a person."""
    emergency: float = 2.0
    """Of one step lost to an emergency: the sum of the first four."""

    def __post_init__(self) -> None:
        for field in fields(self):
            weight = getattr(self, field.name)
            if not (np.isfinite(weight) and weight >= 0):
                raise ValueError(f"reward weight {field.name} is {weight}; give a finite number of at least 0")


class RewardFunction:
    """Rewards of N stands for one control step."""

    def __init__(self, weights: RewardWeights | None = None) -> None:
        self.weights = weights or RewardWeights()
        self._weights = np.array(Terms(**asdict(self.weights)))

    def __call__(
        self, context: RewardContext, counted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """([N] rewards, weighted terms [N] that sum to them); all 0 where `counted` [N] is false."""
        values = np.zeros((len(self._weights), len(counted)))  # [terms, N]
        terms, rewards = Terms(*values), np.empty(len(counted))
        judge(context, terms, values, self._weights, counted, rewards)
        return rewards, terms._asdict()
