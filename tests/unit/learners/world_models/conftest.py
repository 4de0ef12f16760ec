"""Two tiny models of the toy application, fitted once."""

import pytest

from clusters.scenario import Split
from learners.world_models.backbone import BackboneConfig
from learners.world_models.fitting import FitConfig, FitResult, fit
from learners.world_models.windows import Windows
from tests.unit.learners.world_models.plays import TINY, TRAINING_SEEDS, VALIDATION_SEEDS, joined, paired_plays


@pytest.fixture(scope="session")
def paired() -> Windows:
    return joined(paired_plays(TRAINING_SEEDS, Split.TRAIN) + paired_plays(VALIDATION_SEEDS, Split.VALIDATION))


@pytest.fixture(scope="session")
def conditioned(paired: Windows) -> FitResult:
    return fit(TINY, paired)


@pytest.fixture(scope="session")
def passive(paired: Windows) -> FitResult:
    backbone = BackboneConfig(
        action_conditioned=False, width=8, num_heads=2, num_history_layers=1, effect_hidden=8, dropout=0.0
    )
    return fit(FitConfig(num_epochs=2, backbone=backbone), paired)
