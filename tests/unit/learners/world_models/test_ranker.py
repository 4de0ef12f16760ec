"""Scores of candidates: independent of company, in units of reward, and refused on another application."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from learners.world_models.checkpoint import save_checkpoint
from learners.world_models.fitting import FitResult
from learners.world_models.ranker import WorldModelRanker, load_ranker
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import Prediction
from tests.unit.learners.synthetic import features_of
from tests.unit.learners.world_models.plays import TEST_SEEDS, point

EVERY = np.arange(7)


def assert_close(left: Prediction, right: Prediction) -> None:
    for field in fields(Prediction):
        np.testing.assert_allclose(
            getattr(left, field.name), getattr(right, field.name), rtol=1e-4, atol=1e-5, err_msg=field.name
        )


def test_a_candidate_scores_the_same_alone_in_company_and_beside_other_points(conditioned: FitResult) -> None:
    ranker, here, there = WorldModelRanker(conditioned.model), point(200), point(201)
    together, other = ranker.predict([here, there], [features_of(EVERY), features_of(np.array([3]))])
    assert len(other.scores) == 1
    assert np.ptp(together.scores) > 0.1
    for number in EVERY:
        (alone,) = ranker.predict([here], [features_of(np.array([number]))])
        of_many = {
            field.name: getattr(together, field.name)[number : number + 1]
            for field in fields(Prediction)
            if field.name != "quantiles"
        }
        assert_close(alone, Prediction(quantiles=together.quantiles, **of_many))


def test_more_points_than_a_batch_holds_keep_their_order(conditioned: FitResult) -> None:
    ranker, points = WorldModelRanker(conditioned.model), [point(seed) for seed in (200, 201, 202)] * 23
    found = ranker.predict(points, len(points) * [features_of(EVERY)])
    assert len(found) == 69
    for number in (0, 65, 68):
        assert_close(found[number], found[number % 3])
    assert ranker.predict([], []) == []


def test_predictions_are_in_their_units(conditioned: FitResult) -> None:
    (found,) = WorldModelRanker(conditioned.model).predict([point(200)], [features_of(EVERY)])
    assert found.quantiles == (0.1, 0.5, 0.9)
    for ratio in (found.good_ratio, found.error_ratio, found.recovery_probability, found.expected_risk):
        assert 0.0 <= ratio.min() <= ratio.max() <= 1.0
    for trajectory in (found.good_ratio, found.latency_p95_milliseconds, found.error_ratio):
        assert trajectory.shape == (7, 30, 1, 3)
        assert (np.diff(trajectory, axis=-1) >= 0.0).all()
    assert 50.0 < np.median(found.latency_p95_milliseconds) < 2000.0
    assert -1.6 < found.scores.min() <= found.scores.max() < 0.3


def test_the_passive_twin_cannot_tell_candidates_apart(passive: FitResult) -> None:
    points = [point(seed) for seed in TEST_SEEDS]
    for found in WorldModelRanker(passive.model).predict(points, len(points) * [features_of(EVERY)]):
        for values in (found.scores, found.recovery_probability, found.expected_cost, found.expected_risk):
            assert (values == values[0]).all()
        for trajectory in (found.good_ratio, found.latency_p95_milliseconds, found.error_ratio):
            np.testing.assert_allclose(trajectory, np.broadcast_to(trajectory[:1], trajectory.shape), rtol=1e-3)


def test_points_of_another_application_or_time_grid_are_refused(conditioned: FitResult) -> None:
    ranker, here = WorldModelRanker(conditioned.model), point(200)
    foreign = replace(here, scenario=replace(here.scenario, application="shop"))
    with pytest.raises(UserError, match="fitted on toy, the scenario toy-200 is of shop"):
        ranker.predict([here, foreign], 2 * [features_of(EVERY)])
    coarse = replace(here, history=replace(here.history, bucket_seconds=30.0))
    with pytest.raises(UserError, match=r"reads 30 buckets of 10 s, the scenario toy-200 gives 30 of 30 s"):
        ranker.predict([coarse], [features_of(EVERY)])


def test_a_pattern_is_the_mean_of_its_checkpoints(conditioned: FitResult, passive: FitResult, tmp_path: Path) -> None:
    for number, result in enumerate((conditioned, passive)):
        save_checkpoint(result.model, tmp_path / f"model-seed{number}.pt")
    ensemble = load_ranker(checkpoint=str(tmp_path / "model-seed*.pt"))
    (mean,) = ensemble.predict([point(200)], [features_of(EVERY)])
    members = [WorldModelRanker(result.model) for result in (conditioned, passive)]
    (first,), (second,) = (member.predict([point(200)], [features_of(EVERY)]) for member in members)
    np.testing.assert_allclose(mean.scores, (first.scores + second.scores) / 2)
    np.testing.assert_allclose(mean.good_ratio, (first.good_ratio + second.good_ratio) / 2)
    with pytest.raises(UserError, match="no checkpoint matches"):
        load_ranker(checkpoint=str(tmp_path / "other-seed*.pt"))
