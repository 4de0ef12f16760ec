"""What is compared and by whom: the decision point, the truth about it, and the contract of a ranker."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario
from clusters.telemetry import TelemetryWindow
from envs.actions.action import ActionFeatures


@dataclass(frozen=True, kw_only=True)
class DecisionPoint:
    """A stand's state at one control step of a held-out scenario, from which candidates are compared."""

    scenario: Scenario
    history: TelemetryWindow
    """The observation window up to now, one stand: [T, ...]."""
    candidates: tuple[int, ...]
    """[C] indices in the action catalogue; the candidate is taken now, and nothing afterwards."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What really follows each candidate. R replicates with common random numbers."""

    returns: NDArray[np.float64]
    """[C, R] mean reward per control step over the horizon."""
    recovered: NDArray[np.bool_]
    """[C, R] whether every SLO is met over the horizon's last minute."""
    costs: NDArray[np.float64]
    """[C, R] mean weighted resource-cost term (<= 0 is a cost)."""
    good_ratio: NDArray[np.float32]
    """[C, H, J] mean over replicates: share of good requests, per future bucket and journey."""
    latency_p95_milliseconds: NDArray[np.float32]
    """[C, H, J] mean over replicates."""
    error_ratio: NDArray[np.float32]
    """[C, H, J] mean over replicates."""


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a model expects of each candidate of one decision point. Q quantiles; NaN where it predicts none."""

    scores: NDArray[np.float64]
    """[C] higher is better; on the scale of `Truth.returns` where the model predicts a return."""
    recovery_probability: NDArray[np.float64]
    """[C]"""
    expected_cost: NDArray[np.float64]
    """[C]"""
    expected_risk: NDArray[np.float64]
    """[C] expected share of the horizon that violates an SLO."""
    quantiles: tuple[float, ...]
    good_ratio: NDArray[np.float32]
    """[C, H, J, Q]"""
    latency_p95_milliseconds: NDArray[np.float32]
    """[C, H, J, Q]"""
    error_ratio: NDArray[np.float32]
    """[C, H, J, Q]"""


class Ranker(Protocol):
    """Anything that predicts the outcome of candidate actions."""

    name: str

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """One prediction per point.

        `actions[i]` holds the [C] candidates of point i as the ranker may see them: an ablation hands in other
        features than those of the true candidates.
        """
        ...
