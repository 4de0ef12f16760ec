"""Losses against hand-made numbers, and what may not count in them."""

from dataclasses import asdict

import pytest
import torch
from torch import Tensor

from learners.world_models.backbone import Backbone
from learners.world_models.batches import EncodedWindows, Targets
from learners.world_models.features import fit_statistics
from learners.world_models.losses import LossWeights, forecast_errors, losses, pinball, return_effect_loss
from tests.unit.learners.synthetic import episode
from tests.unit.learners.world_models.plays import TINY, joined

NAN = float("nan")


def test_pinball_weighs_errors_by_their_side_and_skips_what_was_not_measured() -> None:
    quantiles = torch.tensor([0.0, 1.0, 2.0])
    # Levels 0.1, 0.5, 0.9. Above all: (0.3 + 1.0 + 0.9) / 3. Between: (0.05 + 0.25 + 0.15) / 3.
    assert float(pinball(quantiles, torch.tensor(3.0))) == pytest.approx(2.2 / 3)
    assert float(pinball(quantiles, torch.tensor(0.5))) == pytest.approx(0.15)
    assert float(pinball(quantiles.expand(3, 3), torch.tensor([3.0, NAN, 0.5]))) == pytest.approx((2.2 / 3 + 0.15) / 2)
    assert float(pinball(quantiles, torch.tensor(NAN))) == 0.0


def targets_of(rewards: Tensor, twin_rewards: Tensor) -> Targets:
    nothing = torch.zeros(())
    return Targets(
        rewards=rewards,
        twin_rewards=twin_rewards,
        reward_scale=torch.tensor([1.0, 2.0, 0.5]),
        violated=nothing,
        recovered=nothing,
        journeys=nothing,
        nodes=nothing,
        twin_journeys=nothing,
    )


def test_the_loss_of_the_return_s_change_is_in_units_of_reward_and_skips_windows_without_a_twin() -> None:
    rewards, twins = torch.zeros(2, 2, 3), torch.zeros(2, 2, 3)
    rewards[0, 0, 0] = 0.2  # over two steps a change of 0.1 in the return
    twins[1] = NAN
    effects = torch.tensor([0.1, 0.1, 0.2]).repeat(2, 2, 1).requires_grad_()  # 0.1 + 0.2 + 0.1 a step
    loss = return_effect_loss(effects, targets_of(rewards, twins))
    assert loss.item() == pytest.approx(0.4 - 0.1 - 0.05 / 2)
    (gradient,) = torch.autograd.grad(loss, effects)
    assert (gradient[1] == 0.0).all()
    torch.testing.assert_close(gradient[0], torch.tensor([[0.5, 1.0, 0.25]]).repeat(2, 1))
    assert return_effect_loss(effects, targets_of(rewards, torch.full_like(twins, NAN))).item() == 0.0


def test_every_part_has_a_weight_and_a_finite_gradient_where_telemetry_has_holes_and_nothing_a_twin() -> None:
    windows = joined([episode(seed) for seed in range(3)])
    windows.frames.nodes[:60, 1] = NAN
    windows.frames.journeys[20:40] = NAN
    assert (windows.twins == -1).any()
    encoded = EncodedWindows(windows, fit_statistics(windows))
    network, which = Backbone(TINY.backbone, windows.layout), torch.arange(len(windows))
    history, targets = encoded.history(which), encoded.targets(which)
    outcomes = network(history, encoded.chunk(which))
    parts = losses(outcomes, targets)
    assert parts.keys() == asdict(LossWeights()).keys()
    total = torch.stack(list(parts.values())).sum()
    gradients = torch.autograd.grad(total, list(network.parameters()), allow_unused=True)
    assert total.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients if gradient is not None)
    assert all(error.isfinite() for error in forecast_errors(outcomes, history, targets).values())


def test_the_forecast_s_floor_repeats_the_mean_of_the_last_three_buckets() -> None:
    windows = joined([episode(1)])
    encoded = EncodedWindows(windows, fit_statistics(windows))
    which = torch.tensor([2])
    history, targets = encoded.history(which), encoded.targets(which)
    journeys = encoded.frames.journey_targets
    last, future = journeys[33:36].mean(dim=0), journeys[36:66]
    torch.testing.assert_close(history.last_journeys[0], last)
    outcomes = Backbone(TINY.backbone, windows.layout)(history, encoded.chunk(which))
    floor = forecast_errors(outcomes, history, targets)["journeys_floor"]
    torch.testing.assert_close(floor, (future - last).abs().mean())
