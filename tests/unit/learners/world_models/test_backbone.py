"""What the network may not do, whatever its weights."""

import pytest
import torch
from torch import Tensor

from envs.actions.action import ACTION_TYPES, ActionType
from learners.world_models.attention import relations
from learners.world_models.backbone import Backbone, Chunk, History
from learners.world_models.batches import EncodedWindows
from learners.world_models.fitting import FitResult
from learners.world_models.layout import HORIZON_STEPS, Layout
from learners.world_models.windows import Windows
from tests.unit.learners.synthetic import TIME_SCALES, application

SCALE, MASKED = ACTION_TYPES.index(ActionType.SCALE), ACTION_TYPES.index(ActionType.MASKED)


@pytest.fixture(scope="module")
def network(conditioned: FitResult) -> Backbone:
    return conditioned.model.network


@pytest.fixture(scope="module")
def history(conditioned: FitResult, paired: Windows) -> History:
    some = paired.select(torch.arange(0, len(paired), 100).numpy())
    return EncodedWindows(some, conditioned.model.statistics).history(torch.arange(3))


def chunk(*candidates: dict[int, tuple[int, int, float]]) -> Chunk:
    """For each of three histories the same candidates: slot -> type, target, level; nothing elsewhere."""
    shape = (3, len(candidates), HORIZON_STEPS)
    made = Chunk(torch.zeros(shape, dtype=torch.int64), torch.zeros(shape, dtype=torch.int64), torch.zeros(shape))
    for number, slots in enumerate(candidates):
        for slot, values in slots.items():
            for field, value in zip(made, values, strict=True):
                field[:, number, slot] = value
    return made


@torch.no_grad()
def rewards(network: Backbone, history: History, played: Chunk) -> Tensor:
    out: Tensor = network(history, played).rewards
    return out


def test_doing_nothing_adds_exactly_nothing_and_a_masked_action_is_the_same(
    network: Backbone, history: History
) -> None:
    every_slot = range(HORIZON_STEPS)
    played = chunk(
        {},
        {slot: (0, slot % 4, 2.0 - slot) for slot in every_slot},
        {slot: (MASKED, slot % 4, 1.0) for slot in every_slot},
        {0: (SCALE, 0, 1.0)},
    )
    with torch.no_grad():
        outcomes = network(history, played)
    for values, is_trajectory in zip(outcomes, (False, False, False, True, True), strict=True):
        for same in (1, 2):
            # Trajectories are decoded candidate by candidate, where sums may be rounded differently.
            tolerance = 1e-4 if is_trajectory else 0.0
            torch.testing.assert_close(values[:, same], values[:, 0], rtol=0.0, atol=tolerance)
        assert not torch.allclose(values[:, 3], values[:, 0], rtol=0.0, atol=1e-3)


def test_an_action_changes_no_step_before_its_own(network: Backbone, history: History) -> None:
    found = rewards(network, history, chunk({}, {4: (SCALE, 1, 1.0)}))
    changed = (found[:, 1] != found[:, 0]).any(dim=-1)
    assert not changed[:, :4].any()
    assert changed[:, 4:].all()


def test_effects_of_several_actions_add(network: Backbone, history: History) -> None:
    first, second = (SCALE, 0, 1.0), (SCALE, 2, 1.0)
    nothing, one, other, both = rewards(
        network, history, chunk({}, {0: first}, {3: second}, {0: first, 3: second})
    ).unbind(dim=1)
    torch.testing.assert_close(both - nothing, (one - nothing) + (other - nothing), atol=1e-5, rtol=1e-4)


def test_quantiles_ascend_and_every_outcome_has_its_shape(network: Backbone, history: History) -> None:
    with torch.no_grad():
        outcomes = network(history, chunk({}, {0: (SCALE, 0, 1.0)}))
    layout = network.layout
    for values, entities in ((outcomes.journeys, layout.journeys), (outcomes.nodes, layout.services)):
        assert values.shape == (3, 2, layout.horizon_buckets, len(entities), 3, 3)
        assert (values.diff(dim=-1) >= 0.0).all()
    assert outcomes.rewards.shape == (3, 2, HORIZON_STEPS, 3)
    assert outcomes.violation_logits.shape == (3, 2, HORIZON_STEPS)
    assert outcomes.recovery_logits.shape == (3, 2)


def test_relations_follow_the_calls() -> None:
    table = relations(Layout.of(application(), TIME_SCALES))
    front, cart, store = 0, 1, 2
    assert table[front, cart] != table[cart, front]
    assert table[front, cart] == table[cart, store]
    assert table[front, store] == table[store, front]
    kinds = ((front, cart), (cart, front), (front, store), (front, front), (front, -1))
    assert len({table[pair] for pair in kinds}) == len(kinds)
    # Services, the load generator, one journey and the stand.
    assert table.shape == (6, 6)
