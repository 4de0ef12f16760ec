"""The weighted sum of all terms, with its breakdown."""

from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import bound
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
    """What a control step of N stands is worth."""

    def __init__(self, weights: RewardWeights | None = None) -> None:
        self.weights = weights or RewardWeights()
        self._weights = np.array(Terms(**asdict(self.weights)))

    def of(self, context: RewardContext, counted: NDArray[np.bool_]) -> "StepRewards":
        """The rewards of step after step, each read from the same memory."""
        return StepRewards(self._weights, context, counted)


class StepRewards:
    """Rewards of whatever step `context` holds when they are asked for; 0 where `counted` [N] is false then."""

    def __init__(self, weights: NDArray[np.float64], context: RewardContext, counted: NDArray[np.bool_]) -> None:
        self._values = np.empty((len(weights) + 1, len(counted)))  # [terms, N], and their sums
        terms, rewards = self._values[:-1], self._values[-1]
        self._judge = bound(judge, context, Terms(*terms), terms, weights, counted, rewards)

    def __call__(self) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """([N] rewards, weighted terms [N] that sum to them)."""
        self._judge()
        values = self._values.copy()
        return values[-1], dict(zip(Terms._fields, values[:-1], strict=True))
