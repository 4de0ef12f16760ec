"""What a model is fitted to: the outcomes of each step, the return, recovery, and the quantiles of the future chunk."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from learners.world_models.backbone import QUANTILES, History, Outcomes
from learners.world_models.batches import Targets

EFFECT_RESOLUTION = 0.05
"""Reward per control step: about what one more replica costs."""
_MEDIAN = QUANTILES.index(0.5)


@dataclass(frozen=True, kw_only=True)
class LossWeights:
    """How much each part of the loss counts. The return counts most: candidates are ranked by it."""

    returns: float = 2.0
    """Huber loss of the mean reward over the horizon."""
    rewards: float = 1.0
    """Huber loss of each step's reward."""
    violations: float = 0.3
    """Cross-entropy of each step violating an objective."""
    recovery: float = 0.3
    """Cross-entropy of the last minute meeting every objective."""
    effects: float = 4.0
    """Huber loss of what the actions changed in each step's reward, where the same stand was also left alone."""
    return_effects: float = 20.0
    """Of the same, summed up to the return: what candidates are ranked by."""
    journey_effects: float = 0.3
    """The same of the journeys' future."""
    journeys: float = 0.3
    """Pinball loss of the journeys' future."""
    nodes: float = 0.1
    """Pinball loss of the services' future."""


def losses(outcomes: Outcomes, targets: Targets) -> dict[str, Tensor]:
    """Unweighted parts of the loss, named as in LossWeights. `outcomes`: the chunk played, then doing nothing."""
    rewards, violation_logits = outcomes.rewards[:, 0], outcomes.violation_logits[:, 0]
    return {
        "returns": functional.huber_loss(rewards.mean(dim=1), targets.rewards.mean(dim=1)),
        "rewards": functional.huber_loss(rewards, targets.rewards),
        "violations": functional.binary_cross_entropy_with_logits(violation_logits, targets.violated),
        "recovery": functional.binary_cross_entropy_with_logits(outcomes.recovery_logits[:, 0], targets.recovered),
        "effects": _mean_huber(rewards - outcomes.rewards[:, 1], targets.rewards - targets.twin_rewards),
        "return_effects": return_effect_loss(rewards - outcomes.rewards[:, 1], targets),
        "journey_effects": _mean_huber(
            outcomes.journeys[:, 0, ..., _MEDIAN] - outcomes.journeys[:, 1, ..., _MEDIAN],
            targets.journeys - targets.twin_journeys,
        ),
        "journeys": pinball(outcomes.journeys[:, 0], targets.journeys),
        "nodes": pinball(outcomes.nodes[:, 0], targets.nodes),
    }


def forecast_errors(outcomes: Outcomes, history: History, targets: Targets) -> dict[str, Tensor]:
    """Mean absolute error of the journeys' median forecast, and of the floor: the last values repeated.

    Both on standardised signals, so that they can be averaged.
    """
    median = outcomes.journeys[:, 0, ..., _MEDIAN]
    floor = history.last_journeys[:, None]
    return {
        "journeys_error": (median - targets.journeys).abs().nanmean(),
        "journeys_floor": (floor - targets.journeys).abs().nanmean(),
    }


def return_effect_loss(effects: Tensor, targets: Targets) -> Tensor:
    """Smooth L1 loss of the change in the return [B], from predicted changes of standardised rewards [B, K, P].

    Most actions change next to nothing: beyond EFFECT_RESOLUTION the loss is linear, so that an expected change of
    almost none is not traded for a rare large one (Girshick, Fast R-CNN, ICCV 2015).
    """
    predicted = (effects * targets.reward_scale).sum(dim=-1).mean(dim=-1)
    actual = ((targets.rewards - targets.twin_rewards) * targets.reward_scale).sum(dim=-1).mean(dim=-1)
    present = actual.isfinite()
    loss = functional.smooth_l1_loss(
        predicted, torch.where(present, actual, 0.0), beta=EFFECT_RESOLUTION, reduction="none"
    )
    return (loss * present).sum() / present.sum().clamp(min=1)


def _mean_huber(predicted: Tensor, actual: Tensor) -> Tensor:
    """Huber loss over the entries where `actual` is no NaN; 0 if there are none."""
    present = actual.isfinite()
    loss = functional.huber_loss(predicted, torch.where(present, actual, 0.0), reduction="none")
    return (loss * present).sum() / present.sum().clamp(min=1)


def pinball(quantiles: Tensor, actual: Tensor) -> Tensor:
    """Mean quantile loss of [..., Q] against [...]; entries where `actual` is NaN do not count.

    Source: Koenker and Bassett, Regression Quantiles, Econometrica 46(1), 1978.
    """
    levels = torch.tensor(QUANTILES)
    present = actual.isfinite()
    error = torch.where(present, actual, 0.0).unsqueeze(-1) - quantiles
    loss = torch.maximum(levels * error, (levels - 1.0) * error).mean(dim=-1)
    return (loss * present).sum() / present.sum().clamp(min=1)
