"""The weighted sum of all terms, with its breakdown."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled
from envs.rewards.emergency import emergency
from envs.rewards.error_rate import error_rate
from envs.rewards.escalation import escalation
from envs.rewards.features_off import features_off
from envs.rewards.instability import instability
from envs.rewards.latency_excess import latency_excess
from envs.rewards.recovery_time import recovery_time
from envs.rewards.resource_cost import resource_cost
from envs.rewards.reward_context import RewardContext
from envs.rewards.slo_violation import slo_violation
from envs.rewards.unsafe_actions import unsafe_actions

Term = Callable[[RewardContext], NDArray[np.float64]]

TERMS: dict[str, Term] = {
    "slo_violation": slo_violation,
    "latency_excess": latency_excess,
    "error_rate": error_rate,
    "recovery_time": recovery_time,
    "resource_cost": resource_cost,
    "features_off": features_off,
    "instability": instability,
    "unsafe_actions": unsafe_actions,
    "escalation": escalation,
    "emergency": emergency,
}
"""Every term by its name."""


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
        self._weights = np.array([getattr(self.weights, name) for name in TERMS])

    def __call__(
        self, context: RewardContext, counted: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        """([N] rewards, weighted terms [N] that sum to them); all 0 where `counted` [N] is false."""
        rewards = np.zeros(len(counted))
        values = np.empty((len(TERMS), len(rewards)))  # [terms, N]
        for of_term, term in zip(values, TERMS.values(), strict=True):
            of_term[...] = term(context)
        _weigh(values, self._weights, counted, rewards)
        return rewards, dict(zip(TERMS, values, strict=True))


@compiled
def _weigh(
    values: NDArray[np.float64], weights: NDArray[np.float64], counted: NDArray[np.bool_], rewards: NDArray[np.float64]
) -> None:
    """Weigh the terms [terms, N] in place, and add them to the rewards [N], one after the other."""
    for k in range(values.shape[0]):
        for n in range(values.shape[1]):
            # Adding 0 turns the -0.0 of a term that found nothing into 0.0, so that equal rewards have equal bytes.
            values[k, n] = values[k, n] * weights[k] + 0.0 if counted[n] else 0.0
            rewards[n] += values[k, n]
