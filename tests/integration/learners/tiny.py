"""A fit that takes about a second."""

from learners.world_models.backbone import BackboneConfig
from learners.world_models.fitting import FitConfig
from learners.world_models.windows import Windows, windows_of
from tests.unit.learners.synthetic import application, episode, features_of

FIT = FitConfig(
    num_epochs=2,
    batch_size=16,
    backbone=BackboneConfig(
        width=8,
        num_heads=2,
        num_history_layers=1,
        effect_hidden=8,
    ),
)


def windows() -> Windows:
    return windows_of([episode(seed) for seed in range(12)], application(), features_of, validation_share=0.3)
