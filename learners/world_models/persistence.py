"""The floor: the last minute goes on as it is, whatever is done.

Legend: C candidates, H future buckets, J journeys.
"""

from collections.abc import Sequence

import numpy as np

from clusters.applications import load_application
from clusters.telemetry import JOURNEY_SIGNALS, signal_index
from envs.actions.action import ActionFeatures
from envs.service_levels import good_ratios, violations
from envs.time_scales import TimeScales
from learners.world_models.features import FORECAST_JOURNEY_SIGNALS
from learners.world_models.layout import HORIZON_STEPS
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction, Ranker

_LAST_SECONDS = 60.0


class PersistenceRanker:
    """Repeats each journey's last value, and scores every candidate alike by the share of good requests."""

    def __init__(self, *, name: str = "persistence", time_scales: TimeScales | None = None) -> None:
        self.name = name
        self._horizon_buckets = HORIZON_STEPS * (time_scales or TimeScales()).buckets_per_step

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """One prediction per point; expected cost is not predicted."""
        return [
            self._predict_one(point, len(features.type_ids)) for point, features in zip(points, actions, strict=True)
        ]

    def _predict_one(self, point: DecisionPoint, num_candidates: int) -> Prediction:
        history = point.history
        last_buckets = round(_LAST_SECONDS / history.bucket_seconds)
        application = load_application(point.scenario.application)
        violated = violations(history, application)[-last_buckets:]
        good = good_ratios(history, application)[-last_buckets:].mean()
        good_ratio, latency, error_ratio = (
            np.broadcast_to(
                history.journeys[-1, :, signal_index(JOURNEY_SIGNALS, name)][None, None, :, None],
                (num_candidates, self._horizon_buckets, history.journeys.shape[1], 1),
            )
            for name in FORECAST_JOURNEY_SIGNALS
        )
        return Prediction(
            scores=np.full(num_candidates, good - 1.0),
            recovery_probability=np.full(num_candidates, float(not violated.any())),
            expected_cost=np.full(num_candidates, np.nan),
            expected_risk=np.full(num_candidates, violated.mean()),
            quantiles=(0.5,),
            good_ratio=good_ratio,
            latency_p95_milliseconds=latency,
            error_ratio=error_ratio,
        )


def load_ranker(*, name: str = "persistence") -> Ranker:
    """The ranker; it needs no checkpoint."""
    return PersistenceRanker(name=name)
