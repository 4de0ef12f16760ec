"""The search space and the configuration of a sweep: what is refused, and in which words."""

from pathlib import Path
from typing import Any

import pytest

from learners.tuning.space import Range, check_space, with_settings
from learners.tuning.tune import SweepConfig
from learners.world_models.fitting import FitConfig
from ray_configs.errors import UserError
from ray_configs.loading import load, parse


def sweep_of(**document: Any) -> SweepConfig:
    return parse({"space": {"learning_rate": [0.001]}, **document}, SweepConfig, source="sweep")


def test_the_shipped_sweep_draws_what_a_fit_takes() -> None:
    config = load(Path(__file__).parents[3] / "ray_configs/runs/sweep.yaml", SweepConfig)
    check_space(config.space, config.fit)
    assert config.num_trials == 3
    assert isinstance(config.space["learning_rate"], Range)


def test_settings_replace_only_what_they_name() -> None:
    base = FitConfig(num_epochs=3)
    fitted = with_settings(base, {"backbone.width": 32, "learning_rate": 0.5})
    assert (fitted.backbone.width, fitted.learning_rate, fitted.num_epochs) == (32, 0.5, 3)
    assert with_settings(fitted, {"backbone.width": base.backbone.width, "learning_rate": base.learning_rate}) == base


@pytest.mark.parametrize("setting", ["learning_rates", "backbone", "backbone.wide", "learning_rate.low"])
def test_an_unknown_setting_is_a_sentence_with_the_known_ones(setting: str) -> None:
    with pytest.raises(UserError, match=rf"no setting '{setting}'.*backbone\.width.*learning_rate"):
        check_space({setting: (1,)}, FitConfig())


@pytest.mark.parametrize("values", [[32, 2.5], ["wide"], {"low": 8.0, "high": 64.0}, {"low": 8, "high": 64}])
def test_a_value_that_a_fit_does_not_take_is_refused_before_a_trial_starts(values: Any) -> None:
    with pytest.raises(UserError, match=r"backbone\.width"):
        check_space(sweep_of(space={"backbone.width": values}).space, FitConfig())


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"space": {}}, "no value to draw from"),
        ({"space": {"learning_rate": []}}, "learning_rate has no value"),
        ({"space": {"learning_rate": {"low": 2.0, "high": 1.0}}}, "low must be below high"),
        ({"space": {"learning_rate": {"low": 0.0, "high": 1.0, "log": True}}}, "starts above 0"),
        ({"space": {"loss_weights.nodes": [0.1, 0.2]}}, "under other loss_weights"),
        ({"num_trials": 0}, "num_trials and trials_at_once must be at least 1"),
        ({"trials": 4}, "unknown key 'trials'"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_a_sentence(document: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        sweep_of(**document)
