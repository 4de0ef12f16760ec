"""What a ranker says of actions when it is asked with what a policy observes."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.scenario import Scenario, Split, WorkloadTrace
from clusters.telemetry import TelemetryWindow
from ray_configs.loading import resolve
from rollouts.evaluation.ranking_contract import DecisionPoint, Ranker
from rollouts.policies.policy import Observation, PolicyContext

Scalar = float | int | str | bool


class CandidateScores:
    """Observation -> decision point -> predictions -> a score for each action."""

    def __init__(self, context: PolicyContext, ranker: str, parameters: Mapping[str, Scalar]) -> None:
        """Load the ranker, once per process.

        Args:
            context: the stand.
            ranker: entry point, called with the parameters.
            parameters: for the ranker.

        Raises:
            UserError: there is no such ranker.
        """
        self._context = context
        self._ranker = _load(ranker, tuple(sorted(parameters.items())))

    def of(self, candidates: Sequence[int], observation: Observation, info: Mapping[str, Any]) -> dict[int, float]:
        """By action: the score of each; higher is better."""
        catalogue = self._context.catalogue
        point = DecisionPoint(
            scenario=self._unknown_scenario(candidates),
            history=self._history(observation, int(info["time_ns"])),
            candidates=tuple(candidates),
        )
        prediction = self._ranker.predict([point], [catalogue.features(np.array(candidates))])[0]
        return dict(zip(candidates, prediction.scores.tolist(), strict=True))

    def named(self, scores: Mapping[int, float]) -> dict[str, float]:
        """By the actions' names."""
        return {self._context.catalogue.names[action]: score for action, score in scores.items()}

    def _history(self, observation: Observation, time_ns: int) -> TelemetryWindow:
        """The observation as telemetry again: -1 stands for a missing value."""
        scales = self._context.time_scales
        num_buckets = len(observation["nodes"])
        bucket_ns = round(scales.observation_bucket_seconds * 1e9)
        return TelemetryWindow(
            bucket_seconds=scales.observation_bucket_seconds,
            times_ns=time_ns + bucket_ns * np.arange(-num_buckets, 0),
            nodes=_with_gaps(observation["nodes"]),
            edges=_with_gaps(observation["edges"]),
            journeys=_with_gaps(observation["journeys"]),
            stand=_with_gaps(observation["stand"]),
        )

    def _unknown_scenario(self, candidates: Sequence[int]) -> Scenario:
        """A scenario that tells the ranker nothing: an operator does not know the fault, nor the load to come."""
        return Scenario(
            name="unknown",
            family="unknown",
            split=Split.TEST,
            application=self._context.application.name,
            seed=0,
            workload=WorkloadTrace(profile="unknown", step_seconds=1.0, rates_rps=(), mix=()),
            faults=(),
            candidates=tuple(self._context.catalogue.names[index] for index in candidates),
            decision_seconds=0.0,
            warmup_seconds=0.0,
            horizon_seconds=0.0,
        )


def _with_gaps(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.where(values < 0, np.float32(np.nan), values)


@lru_cache(maxsize=4)
def _load(entry_point: str, parameters: tuple[tuple[str, Scalar], ...]) -> Ranker:
    ranker: Ranker = resolve(entry_point)(**dict(parameters))
    return ranker
