"""The truth about a set of decision points, as padded arrays that every figure is computed from.

Legend: P points, C candidates (padded with NaN to the widest point), R replicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from envs.actions.action import ActionType
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction, Truth

TIE_STANDARD_ERRORS = 2.0
"""Two candidates whose paired difference is within this many standard errors of zero are a tie."""

NUMERIC_TOLERANCE = 1e-6
"""Differences below this are rounding, of float32 batches for one, and no order."""


class DecisionClass(IntEnum):
    """What kind of decision a candidate is."""

    HOLD = 0
    """Do nothing: no-operation on a healthy stand, waiting during an incident."""
    ACT = 1
    ESCALATE = 2


@dataclass(frozen=True, kw_only=True)
class BranchedPoint:
    """A decision point with what really follows each of its candidates."""

    point: DecisionPoint
    names: tuple[str, ...]
    """[C] the candidates' names."""
    types: tuple[ActionType, ...]
    """[C]"""
    in_violation: bool
    """Whether an SLO is violated at the moment of the decision: holding back is then waiting."""
    truth: Truth

    @property
    def num_candidates(self) -> int:
        """C."""
        return len(self.names)


def decision_class(kind: ActionType) -> DecisionClass:
    """The class of an action type."""
    special = {ActionType.DO_NOTHING: DecisionClass.HOLD, ActionType.ESCALATE: DecisionClass.ESCALATE}
    return special.get(kind, DecisionClass.ACT)


@dataclass(frozen=True, kw_only=True)
class TruthTable:
    """True returns of P points side by side."""

    means: NDArray[np.float64]
    """[P, C] mean return over replicates; NaN: no such candidate."""
    valid: NDArray[np.bool_]
    """[P, C]"""
    differences: NDArray[np.float64]
    """[P, C, C] mean paired difference, first minus second."""
    ties: NDArray[np.bool_]
    """[P, C, C] too close to call; True on the diagonal and where a candidate is missing."""
    classes: NDArray[np.int64]
    """[P, C] DecisionClass; -1: no such candidate."""
    in_violation: NDArray[np.bool_]
    """[P]"""

    @property
    def best(self) -> NDArray[np.int64]:
        """[P] candidate with the highest mean return."""
        best: NDArray[np.int64] = np.nanargmax(self.means, axis=1)
        return best

    @property
    def ties_with_best(self) -> NDArray[np.bool_]:
        """[P, C] candidates that cannot be told from the best one; the best itself is among them."""
        rows = np.arange(len(self.means))
        return self.ties[rows, self.best] & self.valid

    def subset(self, points: NDArray[np.int64]) -> "TruthTable":
        """The table of some of the points."""
        arrays = ("means", "valid", "differences", "ties", "classes", "in_violation")
        return replace(self, **{name: getattr(self, name)[points] for name in arrays})


def tabulate(points: Sequence[BranchedPoint], replicates: slice = slice(None)) -> TruthTable:
    """The truth of the points, from all replicates or from a slice of them.

    A pair is a tie when its mean paired difference d over the R replicates has |d| <= 2 s / sqrt(R), s being the
    standard deviation of the differences (common random numbers make it small).
    """
    width = max(point.num_candidates for point in points)
    num_replicates = points[0].truth.returns[:, replicates].shape[1]
    returns = np.full((len(points), width, num_replicates), np.nan)
    classes = np.full((len(points), width), -1, dtype=np.int64)
    for row, point in enumerate(points):
        returns[row, : point.num_candidates] = point.truth.returns[:, replicates]
        classes[row, : point.num_candidates] = [decision_class(kind) for kind in point.types]
    paired = returns[:, :, None, :] - returns[:, None, :, :]  # [P, C, C, R]
    differences = paired.mean(axis=-1)
    spread = paired.std(axis=-1, ddof=1) if num_replicates > 1 else np.zeros_like(differences)
    margin = np.maximum(TIE_STANDARD_ERRORS * spread / np.sqrt(num_replicates), NUMERIC_TOLERANCE)
    return TruthTable(
        means=returns.mean(axis=-1),
        valid=classes >= 0,
        differences=differences,
        ties=~(np.abs(differences) > margin),
        classes=classes,
        in_violation=np.array([point.in_violation for point in points], dtype=bool),
    )


def pad_predictions(predictions: Sequence[Prediction], field: str, width: int) -> NDArray[np.float64]:
    """[P, C] a per-candidate field of each prediction, padded with NaN."""
    padded = np.full((len(predictions), width), np.nan)
    for row, prediction in enumerate(predictions):
        values = np.asarray(getattr(prediction, field), dtype=np.float64)
        padded[row, : len(values)] = values
    return padded
