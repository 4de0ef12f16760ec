"""A model on disk: the same predictions after the trip, and a sentence for whatever is no checkpoint."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from learners.world_models.checkpoint import WorldModel, load_checkpoint, save_checkpoint
from learners.world_models.features import Statistics
from learners.world_models.fitting import FitConfig, FitResult, fit
from learners.world_models.mean_effect import fit_mean_effects
from learners.world_models.ranker import WorldModelRanker, load_ranker
from learners.world_models.windows import Windows
from ray_configs.errors import UserError
from rollouts.evaluation.ranking_contract import Prediction
from tests.unit.learners.synthetic import episode, features_of
from tests.unit.learners.world_models.plays import TINY, joined, point

CANDIDATES = features_of(np.arange(7))


def test_a_model_predicts_the_same_after_a_trip_to_disk(conditioned: FitResult, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "model.pt"
    save_checkpoint(conditioned.model, path)
    save_checkpoint(conditioned.model, path)
    ranker = load_ranker(checkpoint=str(path), name="mine")
    assert ranker.name == "mine"
    (before,) = WorldModelRanker(conditioned.model).predict([point(200)], [CANDIDATES])
    (after,) = ranker.predict([point(200)], [CANDIDATES])
    for field in fields(Prediction):
        np.testing.assert_array_equal(getattr(after, field.name), getattr(before, field.name), err_msg=field.name)
    loaded = load_checkpoint(path)
    assert loaded.layout == conditioned.model.layout
    assert loaded.network.config == TINY.backbone
    assert [file.name for file in path.parent.iterdir()] == ["model.pt"]


def test_a_missing_checkpoint_says_how_to_get_one(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.pt", tmp_path):
        with pytest.raises(UserError, match=r"no checkpoint .*; fit one with"):
            load_checkpoint(path)


def test_corrupt_and_foreign_files_are_refused(conditioned: FitResult, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    save_checkpoint(conditioned.model, path)
    whole, content = path.read_bytes(), torch.load(path, weights_only=True)
    description = json.loads(content["description"])
    foreign: list[Any] = [
        {"weights": {}},
        [1, 2],
        content | {"format": "another"},
        content | {"description": json.dumps(description | {"config": {"width": 8, "num_heads": 2}})},
        content | {"description": json.dumps(description | {"config": {"depth": 8}})},
        content | {"statistics": {}},
    ]
    files = [b"", b"no checkpoint", whole[: len(whole) // 2]]
    for number, document in enumerate(foreign):
        torch.save(document, tmp_path / f"{number}.pt")
        files.append((tmp_path / f"{number}.pt").read_bytes())
    for data in files:
        path.write_bytes(data)
        with pytest.raises(UserError, match=r"model\.pt is no world model checkpoint of this version; fit it again"):
            load_checkpoint(path)


def test_a_checkpoint_that_cannot_be_written_leaves_nothing(conditioned: FitResult, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot write the checkpoint"):
        save_checkpoint(conditioned.model, tmp_path / "file" / "model.pt")
    (tmp_path / "taken.pt").mkdir()
    with pytest.raises(UserError, match="cannot write the checkpoint"):
        save_checkpoint(conditioned.model, tmp_path / "taken.pt")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "taken.pt"]


def read_only(value: Any) -> Any:
    """A dataclass of arrays as it comes out of a shared object store."""
    changes: dict[str, Any] = {}
    for field in fields(value):
        member = getattr(value, field.name)
        if isinstance(member, np.ndarray):
            member = member.copy()
            member.setflags(write=False)
        elif field.name in ("frames", "chunk"):
            member = read_only(member)
        changes[field.name] = member
    return replace(value, **changes)


def test_read_only_arrays_are_as_good(passive: FitResult, tmp_path: Path) -> None:
    windows: Windows = read_only(joined([episode(seed) for seed in range(10)]))
    result = fit(FitConfig(num_epochs=1, batch_size=32, backbone=passive.model.network.config), windows)
    statistics: Statistics = read_only(result.model.statistics)
    model = WorldModel(network=result.model.network, statistics=statistics)
    assert np.isfinite(list(fit_mean_effects(model, windows).effects.values())).all()
    save_checkpoint(model, tmp_path / "model.pt")
    (found,) = WorldModelRanker(model).predict([point(200)], [read_only(CANDIDATES)])
    assert np.isfinite(found.scores).all()
