"""Paired plays of toy stands: each left alone once, and acted on once per action."""

from collections.abc import Iterable

import numpy as np

from clusters.scenario import Split
from clusters.telemetry import TelemetryWindow
from learners.world_models.backbone import BackboneConfig
from learners.world_models.fitting import FitConfig
from learners.world_models.layout import HORIZON_STEPS
from learners.world_models.windows import Windows, windows_of
from rollouts.episode import Episode
from rollouts.evaluation.ranking_contract import DecisionPoint
from tests.unit.learners.synthetic import (
    ACTION_NAMES,
    NUM_SERVICES,
    NUM_STEPS,
    TIME_SCALES,
    application,
    episode,
    features_of,
    rewards_of,
)

QUIET = (0,) * NUM_STEPS
TRAINING_SEEDS = range(30)
VALIDATION_SEEDS = range(100, 108)
TEST_SEEDS = range(200, 220)
TINY = FitConfig(
    num_epochs=12,
    batch_size=32,
    learning_rate=5e-3,
    backbone=BackboneConfig(
        width=16, num_heads=2, num_history_layers=1, num_future_layers=1, effect_hidden=16, dropout=0.0
    ),
)


def once(action: int, step: int) -> tuple[int, ...]:
    """The actions of a play that acts at one step."""
    return tuple(action if position == step else 0 for position in range(NUM_STEPS))


def joined(episodes: Iterable[Episode], *, validation_share: float = 0.3) -> Windows:
    """Windows of toy episodes."""
    return windows_of(episodes, application(), features_of, validation_share=validation_share)


def paired_plays(seeds: Iterable[int], split: Split) -> list[Episode]:
    """Every stand left alone, and acted on at one step with each action."""
    return [
        episode(seed, split=split, actions=actions)
        for seed in seeds
        for actions in (QUIET, *(once(action, (seed + action) % 5) for action in range(1, len(ACTION_NAMES))))
    ]


def point(seed: int) -> DecisionPoint:
    """A stand that was left alone so far, with every action as a candidate."""
    played = episode(seed, actions=QUIET)
    telemetry, size = played.telemetry, TIME_SCALES.buckets_per_window
    return DecisionPoint(
        scenario=played.scenario,
        history=TelemetryWindow(
            bucket_seconds=telemetry.bucket_seconds,
            times_ns=telemetry.times_ns[:size],
            nodes=telemetry.nodes[:size],
            edges=telemetry.edges[:size],
            journeys=telemetry.journeys[:size],
            stand=telemetry.stand[:size],
        ),
        candidates=tuple(range(len(ACTION_NAMES))),
    )


def true_returns(seed: int) -> np.ndarray:
    """[C] return of each candidate at `point(seed)`."""
    hot = int(np.random.default_rng(seed).integers(NUM_SERVICES))
    return np.array([np.mean(rewards_of(hot, once(action, 0))[:HORIZON_STEPS]) for action in range(len(ACTION_NAMES))])
