"""A fitted world model as a ranker: histories encoded once, all candidates of all points decoded in batches.

Legend: P points, C candidates, T history, K control steps, H future buckets, J journeys, Q quantiles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from envs.actions.action import ActionFeatures
from learners.world_models.backbone import QUANTILES, Chunk, Outcomes
from learners.world_models.batches import chunk_of, history_at, positions_of
from learners.world_models.checkpoint import WorldModel, load_checkpoint
from learners.world_models.features import encode_frames, journey_values
from learners.world_models.layout import HORIZON_STEPS, Layout
from learners.world_models.windows import REWARD_PARTS, Frames
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import DecisionPoint, Prediction, Ranker

_POINTS_PER_BATCH = 64


class WorldModelRanker:
    """Scores a candidate by the return that the model expects of it."""

    def __init__(self, model: WorldModel, *, name: str = "world_model") -> None:
        self.name = name
        self._model = model

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """One prediction per point.

        Raises:
            UserError: a point is of another application or time grid than the model.
        """
        for point in points:
            check_point(point, self._model.layout)
        return [prediction for batch in _batches(points, actions) for prediction in self._predict_batch(*batch)]

    def _predict_batch(
        self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]
    ) -> Iterator[Prediction]:
        statistics, network = self._model.statistics, self._model.network
        frames = encode_frames(Frames.of([point.history for point in points]), self._model.layout, statistics)
        positions = torch.from_numpy(positions_of(len(points), self._model.layout.history_buckets))
        history = history_at(frames, positions)
        with torch.no_grad():
            outcomes = network(history, _padded_chunks(actions))
        expected = _expected(self._model, outcomes)
        for row, features in enumerate(actions):
            count = len(features.type_ids)
            good_ratio, latency, error_ratio = np.moveaxis(expected.journeys[row, :count], -2, 0)
            yield Prediction(
                scores=expected.returns[row, :count],
                recovery_probability=expected.recovery[row, :count],
                expected_cost=expected.costs[row, :count],
                expected_risk=expected.risk[row, :count],
                quantiles=QUANTILES,
                good_ratio=good_ratio,
                latency_p95_milliseconds=latency,
                error_ratio=error_ratio,
            )


class _Expected(NamedTuple):
    """Outcomes in their units."""

    returns: NDArray[np.float64]
    """[P, C]"""
    recovery: NDArray[np.float64]
    """[P, C]"""
    costs: NDArray[np.float64]
    """[P, C]"""
    risk: NDArray[np.float64]
    """[P, C]"""
    journeys: NDArray[np.float32]
    """[P, C, H, J, 3, Q]"""


class EnsembleRanker:
    """The mean of several rankers: what one fit reads into few actions by chance, the next one does not."""

    def __init__(self, members: Sequence[Ranker], *, name: str = "ensemble") -> None:
        self.name = name
        self._members = tuple(members)

    def predict(self, points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]) -> list[Prediction]:
        """One prediction per point; every field is the mean over the members."""
        by_member = [member.predict(points, actions) for member in self._members]
        return [_mean_prediction(of_point) for of_point in zip(*by_member, strict=True)]


def load_ranker(*, checkpoint: str, name: str = "world_model") -> Ranker:
    """The ranker of a checkpoint; of several, if the path is a pattern such as `models/passive-seed*.pt`.

    Raises:
        UserError: nothing matches the pattern, or as `load_checkpoint`.
    """
    path = Path(checkpoint)
    if "*" not in path.name:
        return WorldModelRanker(load_checkpoint(path), name=name)
    found = sorted(path.parent.glob(path.name))
    if not found:
        raise UserError(f"no checkpoint matches {path}; fit some with `python -m learners train`")
    return EnsembleRanker([WorldModelRanker(load_checkpoint(member)) for member in found], name=name)


def check_point(point: DecisionPoint, layout: Layout) -> None:
    """Refuse a point that a model of this layout cannot read.

    Raises:
        UserError: its application or its history is another.
    """
    if point.scenario.application != layout.application:
        raise UserError(
            f"the model was fitted on {layout.application}, the scenario {point.scenario.name} is of "
            f"{point.scenario.application}; fit a model on that application"
        )
    if (point.history.num_buckets, point.history.bucket_seconds) != (layout.history_buckets, layout.bucket_seconds):
        raise UserError(
            f"the model reads {layout.history_buckets} buckets of {layout.bucket_seconds:g} s, the scenario "
            f"{point.scenario.name} gives {point.history.num_buckets} of {point.history.bucket_seconds:g} s; "
            "use the time scales of the training data"
        )


def _mean_prediction(predictions: Sequence[Prediction]) -> Prediction:
    fields = ("scores", "recovery_probability", "expected_cost", "expected_risk")
    chunks = ("good_ratio", "latency_p95_milliseconds", "error_ratio")
    means = {name: np.mean([getattr(one, name) for one in predictions], axis=0) for name in (*fields, *chunks)}
    return replace(predictions[0], **means)


def _batches(
    points: Sequence[DecisionPoint], actions: Sequence[ActionFeatures]
) -> Iterator[tuple[Sequence[DecisionPoint], Sequence[ActionFeatures]]]:
    for start in range(0, len(points), _POINTS_PER_BATCH):
        yield points[start : start + _POINTS_PER_BATCH], actions[start : start + _POINTS_PER_BATCH]


def _padded_chunks(actions: Sequence[ActionFeatures]) -> Chunk:
    """[P, C, K] each candidate now and `do_nothing` (all zeros) afterwards, padded to the widest point."""
    shape = (len(actions), max(len(features.type_ids) for features in actions), HORIZON_STEPS)
    padded = ActionFeatures(
        type_ids=np.zeros(shape, np.int64), target_ids=np.zeros(shape, np.int64), levels=np.zeros(shape, np.float32)
    )
    for row, features in enumerate(actions):
        count = len(features.type_ids)
        padded.type_ids[row, :count, 0] = features.type_ids
        padded.target_ids[row, :count, 0] = features.target_ids
        padded.levels[row, :count, 0] = features.levels
    return chunk_of(padded)


def _expected(model: WorldModel, outcomes: Outcomes) -> _Expected:
    statistics = model.statistics
    parts = outcomes.rewards.double().numpy() * statistics.reward_scale + statistics.reward_centre  # [P, C, K, parts]
    return _Expected(
        returns=parts.sum(axis=-1).mean(axis=-1),
        recovery=outcomes.recovery_logits.double().sigmoid().numpy(),
        costs=parts[..., REWARD_PARTS.index("cost")].mean(axis=-1),
        risk=outcomes.violation_logits.double().sigmoid().mean(dim=-1).numpy(),
        journeys=journey_values(outcomes.journeys.numpy(), statistics),
    )
