"""Rankers that learn nothing: the floors and the ceiling that learned ones are read against."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from envs.actions.action import ACTION_TYPES, ActionFeatures, ActionType
from envs.time_scales import TimeScales
from rollouts.evaluation.branching import BranchingSettings, branch, independent
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction


class RandomRanker:
    """Scores drawn at random."""

    def __init__(self, *, name: str = "random", seed: int = 0) -> None:
        self.name = name
        self._seed = seed

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """Scores that are a function of the seed and the scenario."""
        return [
            scores_only(np.random.default_rng([self._seed, point.scenario.seed]).normal(size=len(point.candidates)))
            for point in points
        ]


class DoNothingFirst:
    """Always holds back: `do_nothing` above everything else, which it does not order."""

    def __init__(self, *, name: str = "do_nothing_first") -> None:
        self.name = name

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """1 for `do_nothing`, 0 for the others."""
        nothing = ACTION_TYPES.index(ActionType.DO_NOTHING)
        return [scores_only((features.type_ids == nothing).astype(np.float64)) for features in actions]


class Oracle:
    """Forks the simulator itself, with futures of its own: what a perfect model under the same noise could reach."""

    def __init__(
        self,
        *,
        name: str = "oracle",
        replicates: int = 4,
        horizon_steps: int = 10,
        seed: int = 0,
        time_scales: TimeScales | None = None,
    ) -> None:
        self.name = name
        settings = BranchingSettings(horizon_steps=horizon_steps, seed=seed, time_scales=time_scales or TimeScales())
        self._settings = independent(settings, replicates)

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """The mean over its replicates; what it is shown of the actions makes no difference."""
        branched = branch([point.scenario for point in points], self._settings)
        return [
            Prediction(
                scores=found.truth.returns.mean(axis=1),
                recovery_probability=found.truth.recovered.mean(axis=1),
                expected_cost=found.truth.costs.mean(axis=1),
                expected_risk=np.full(len(found.names), np.nan),
                quantiles=(0.5,),
                good_ratio=found.truth.good_ratio[..., None],
                latency_p95_milliseconds=found.truth.latency_p95_milliseconds[..., None],
                error_ratio=found.truth.error_ratio[..., None],
            )
            for found in branched
        ]


def scores_only(scores: NDArray[np.float64]) -> Prediction:
    """A prediction of the order alone: everything else unknown."""
    unknown = np.full(len(scores), np.nan)
    trajectory = np.full((len(scores), 1, 1, 1), np.nan, dtype=np.float32)
    return Prediction(
        scores=scores,
        recovery_probability=unknown,
        expected_cost=unknown,
        expected_risk=unknown,
        quantiles=(0.5,),
        good_ratio=trajectory,
        latency_p95_milliseconds=trajectory,
        error_ratio=trajectory,
    )
