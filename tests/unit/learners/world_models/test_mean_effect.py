"""The mean effect of an action against a mean taken by hand, and where it backs off."""

from pathlib import Path

import numpy as np
import pytest

from envs.actions.action import ACTION_TYPES, ActionFeatures, ActionType
from learners.world_models.checkpoint import save_checkpoint
from learners.world_models.fitting import FitResult
from learners.world_models.mean_effect import (
    MeanEffects,
    fit_mean_effects,
    load_effects,
    load_ranker,
    save_effects,
)
from learners.world_models.ranker import WorldModelRanker
from learners.world_models.windows import Windows
from ray_configs.errors import UserError
from tests.unit.learners.synthetic import episode, features_of
from tests.unit.learners.world_models.plays import QUIET, joined, once, point

SCALE, RESTART, ROLL_BACK = (
    ACTION_TYPES.index(kind) for kind in (ActionType.SCALE, ActionType.RESTART, ActionType.ROLL_BACK)
)


def action(kind: int, level: float, target: int) -> ActionFeatures:
    return ActionFeatures(
        type_ids=np.array([kind]), target_ids=np.array([target]), levels=np.array([level], np.float32)
    )


def test_effects_are_plain_means_over_decisive_windows(paired: Windows, passive: FitResult) -> None:
    training = paired.split()[0]
    effects = fit_mean_effects(passive.model, training)
    gain = training.returns - training.returns[training.twins]
    found = effects.of(features_of(np.arange(7)))
    assert found[0] == 0.0
    for number in range(1, 7):
        features = features_of(np.array([number]))
        same = training.is_decisive & (training.chunk.type_ids[:, 0] == features.type_ids[0])
        same &= training.chunk.target_ids[:, 0] == features.target_ids[0]
        assert same.sum() == 30
        assert found[number] == pytest.approx(gain[same].mean(), abs=1e-6)
    # A restart costs 0.4 once in ten steps, wherever it is done; scaling cures about a third of the stands.
    np.testing.assert_allclose(found[4:], -0.04, atol=1e-6)
    assert (found[1:4] > 0.05).all()


def test_an_action_that_was_never_seen_has_the_mean_of_its_level_its_type_or_all() -> None:
    effects = MeanEffects(effects={(): 0.1, (SCALE,): 0.2, (SCALE, 1.0): 0.3, (SCALE, 1.0, 0.0): 0.4, (RESTART,): 0.5})
    for features, expected in (
        (action(SCALE, 1.0, 0), 0.4),
        (action(SCALE, 1.0, 2), 0.3),
        (action(SCALE, 2.0, 0), 0.2),
        (action(RESTART, 0.0, 0), 0.5),
        (action(ROLL_BACK, 0.0, 0), 0.1),
        (action(0, 0.0, 4), 0.0),
    ):
        assert effects.of(features).tolist() == [expected]


def test_backing_off_is_to_the_mean_over_the_group_s_windows(passive: FitResult) -> None:
    played = [episode(seed, actions=actions) for seed in (1, 2) for actions in (QUIET, once(4, 0), once(1, 1))]
    windows = joined([*played, episode(1, actions=once(5, 0))])
    effects = fit_mean_effects(passive.model, windows)
    gain = windows.returns - windows.returns[windows.twins]
    scaled = windows.is_decisive & (windows.chunk.type_ids[:, 0] == SCALE)
    assert scaled.sum() == 2
    assert effects.of(features_of(np.array([6])))[0] == pytest.approx(-0.04, abs=1e-6)
    assert effects.of(features_of(np.array([2])))[0] == pytest.approx(gain[scaled].mean(), abs=1e-6)
    assert effects.of(action(ROLL_BACK, 1.0, 0))[0] == pytest.approx(gain[windows.is_decisive].mean(), abs=1e-6)


def test_without_pairs_the_passive_forecast_stands_in_for_the_twin(passive: FitResult) -> None:
    windows = joined([episode(seed, actions=once(4 + seed % 3, 0)) for seed in range(6)])
    assert not windows.is_decisive.any()
    effects = fit_mean_effects(passive.model, windows)
    acting = windows.select(windows.acts_now)
    points = [point(seed) for seed in range(6)]
    nothing = features_of(np.array([0]))
    forecast = [found.scores[0] for found in WorldModelRanker(passive.model).predict(points, 6 * [nothing])]
    assert effects.of(action(RESTART, 0.0, 3))[0] == pytest.approx(np.mean(acting.returns - forecast), abs=1e-4)


def test_where_nobody_ever_acted_no_action_has_an_effect(passive: FitResult) -> None:
    effects = fit_mean_effects(passive.model, joined([episode(1, actions=QUIET)]))
    assert effects.of(features_of(np.arange(7))).tolist() == 7 * [0.0]


def test_the_ranker_adds_effects_to_the_passive_forecast_and_nothing_else(passive: FitResult, tmp_path: Path) -> None:
    effects = MeanEffects(effects={(): -0.25, (SCALE, 1.0, 1.0): 0.1 + 0.2, (SCALE, 0.1): 1 / 3})
    save_effects(effects, tmp_path / "effects.json")
    save_checkpoint(passive.model, tmp_path / "model.pt")
    assert load_effects(tmp_path / "effects.json") == effects
    assert [file.name for file in sorted(tmp_path.iterdir())] == ["effects.json", "model.pt"]
    ranker = load_ranker(checkpoint=str(tmp_path / "model.pt"), effects=str(tmp_path / "effects.json"))
    candidates = features_of(np.arange(7))
    (base,) = WorldModelRanker(passive.model).predict([point(200)], [candidates])
    (found,) = ranker.predict([point(200)], [candidates])
    added = np.array([0.0, -0.25, 0.3, -0.25, -0.25, -0.25, -0.25])
    np.testing.assert_allclose(found.scores, base.scores + added, rtol=1e-12)
    np.testing.assert_array_equal(found.good_ratio, base.good_ratio)
    assert ranker.name == "mean_effect"


@pytest.mark.parametrize("text", [None, "", "{", "[[[1.0], 0.5]]", '[[[], "much"]]', "3", '{"a": 1}', "[[1, 2]]"])
def test_files_that_hold_no_effects_are_refused(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "effects.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=r"effects\.json holds no mean effects; fit them with"):
        load_effects(path)
