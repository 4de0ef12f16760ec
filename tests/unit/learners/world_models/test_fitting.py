"""Fitting on a toy whose best action depends on the state: scaling helps the hot service alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from clusters.scenario import Split
from learners.world_models.fitting import FitResult, fit
from learners.world_models.ranker import WorldModelRanker
from learners.world_models.windows import Windows
from ray_configs.errors import UserError
from tests.unit.learners.synthetic import ACTION_NAMES, episode, features_of
from tests.unit.learners.world_models.plays import QUIET, TEST_SEEDS, TINY, joined, once, point, true_returns

SHORT = replace(TINY, num_epochs=2)


def pairwise_accuracy(result: FitResult) -> float:
    """Share of pairs of candidates in the right order on unseen stands; a tie is half right."""
    points = [point(seed) for seed in TEST_SEEDS]
    candidates = features_of(np.arange(len(ACTION_NAMES)))
    found = WorldModelRanker(result.model).predict(points, len(points) * [candidates])
    right = []
    for seed, prediction in zip(TEST_SEEDS, found, strict=True):
        truth = true_returns(seed)
        ahead, predicted = (np.subtract.outer(values, values) for values in (truth, prediction.scores))
        right.append(0.5 + 0.5 * np.sign(predicted)[ahead > 0.01])
    return float(np.concatenate(right).mean())


def test_a_model_that_sees_actions_learns_to_rank_and_its_passive_twin_cannot(
    conditioned: FitResult, passive: FitResult
) -> None:
    assert pairwise_accuracy(conditioned) > 0.85
    assert pairwise_accuracy(passive) == 0.5


def test_the_cure_is_found_on_stands_that_need_different_ones(conditioned: FitResult) -> None:
    points, candidates = [point(seed) for seed in TEST_SEEDS], features_of(np.arange(len(ACTION_NAMES)))
    found = WorldModelRanker(conditioned.model).predict(points, len(points) * [candidates])
    best = [int(true_returns(seed).argmax()) for seed in TEST_SEEDS]
    assert len(set(best)) == 3
    assert np.mean([prediction.scores.argmax() == cure for prediction, cure in zip(found, best, strict=True)]) > 0.9


def test_the_best_epoch_s_weights_are_kept_and_every_epoch_is_reported(paired: Windows) -> None:
    reported: list[dict[str, float]] = []
    result = fit(SHORT, paired, lambda metrics: reported.append(dict(metrics)))
    assert reported == list(result.history)
    assert [metrics["epoch"] for metrics in reported] == [0.0, 1.0]
    best = int(result.metrics["best_epoch"])
    effects = [metrics["validation_return_effects"] for metrics in reported]
    assert effects[best] == min(effects)
    assert result.metrics["validation_loss"] == reported[best]["validation_loss"]
    assert not result.model.network.training


def test_one_seed_gives_one_model_and_another_seed_another(paired: Windows) -> None:
    small = paired.select(np.arange(0, len(paired), 3))
    first, again, other = (fit(replace(SHORT, seed=seed), small).model.network.state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["encode_action.kind.weight"], other["encode_action.kind.weight"])


def test_a_data_set_without_pairs_is_fitted_by_its_returns() -> None:
    played = [episode(seed, actions=once(1 + seed % 6, 0)) for seed in range(12)]
    played.append(episode(50, split=Split.VALIDATION, actions=once(1, 0)))
    # A quiet window is its own twin and says nothing of an action.
    played.append(episode(51, split=Split.VALIDATION, actions=QUIET))
    windows = joined(played)
    assert (windows.twins >= 0).any()
    assert not windows.is_decisive.any()
    # Steps so large that the first epoch stays the best.
    result = fit(replace(TINY, num_epochs=4, learning_rate=3.0), windows)
    assert result.metrics["train_return_effects"] == 0.0
    returns = [metrics["validation_returns"] for metrics in result.history]
    assert result.metrics["validation_returns"] == min(returns) < returns[-1]
    assert all(np.isfinite(value) for value in result.metrics.values())


def test_a_fit_needs_windows_of_both_parts(paired: Windows) -> None:
    training, validation = paired.split()
    with pytest.raises(UserError, match="training and 0 validation windows"):
        fit(SHORT, training)
    with pytest.raises(UserError, match=r"^0 training"):
        fit(SHORT, validation)
