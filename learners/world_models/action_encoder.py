"""Actions as vectors, and what each action of a chunk adds to the outcomes of the steps that follow it.

Legend: B batch, C candidates, K control steps of the chunk, D width, X entities' features, O outcomes per step.
"""

import torch
from torch import Tensor, nn

from envs.actions.action import ACTION_TYPES, ActionType

_DO_NOTHING = ACTION_TYPES.index(ActionType.DO_NOTHING)
_MASKED = ACTION_TYPES.index(ActionType.MASKED)


def acts(type_ids: Tensor) -> Tensor:
    """1 where an action is taken and seen: neither `do_nothing` nor masked. Same shape."""
    return ((type_ids != _DO_NOTHING) & (type_ids != _MASKED)).float()


class ActionEncoder(nn.Module):
    """Type, level and time slot of an action -> a vector."""

    def __init__(self, *, width: int, num_slots: int) -> None:
        super().__init__()
        self.kind = nn.Embedding(len(ACTION_TYPES), width)
        self.slot = nn.Embedding(num_slots, width)
        self.level = nn.Linear(2, width)
        self.mix = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, type_ids: Tensor, levels: Tensor) -> Tensor:
        """[B, C, K] type ids and levels -> vectors [B, C, K, D]."""
        kind = self.kind(type_ids)
        # The level's meaning depends on the type, hence the product.
        strength = self.level(torch.stack((levels, levels.abs()), dim=-1)) * kind
        vectors: Tensor = self.mix(kind + strength + self.slot.weight)
        return vectors


class EffectHead(nn.Module):
    """What each action adds to the outcomes of its own and every later step of the horizon.

    An action is judged by its target, whatever the service, so what is learnt on one service transfers; and by its lag,
    whatever the slot, so late slots of a chunk teach about early ones. The action scales and shifts what is read from
    the target (Perez et al., FiLM, AAAI 2018). Effects of several actions add; a gate lets most of them be none.
    """

    valid: Tensor
    lag: Tensor

    def __init__(
        self, *, num_inputs: int, width: int, hidden: int, num_slots: int, num_outcomes: int, dropout: float
    ) -> None:
        super().__init__()
        self.num_slots, self.num_outcomes = num_slots, num_outcomes
        self.read = nn.Sequential(
            nn.LayerNorm(num_inputs), nn.Linear(num_inputs, hidden), nn.GELU(), nn.Dropout(dropout)
        )
        self.film = nn.Linear(width, 2 * hidden)
        self.mix = nn.Sequential(nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout))
        self.out = nn.Linear(hidden, num_slots * num_outcomes)
        self.gate = nn.Linear(hidden, num_outcomes)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        nn.init.constant_(self.gate.bias, -1.0)
        step, slot = torch.arange(num_slots), torch.arange(num_slots)[:, None]
        self.register_buffer("valid", (step >= slot).float()[..., None], persistent=False)  # [K, K, 1]
        self.register_buffer("lag", (step - slot).clamp(min=0)[..., None], persistent=False)  # [K, K, 1]

    def forward(self, inputs: Tensor, action: Tensor, active: Tensor) -> Tensor:
        """Effects [B, C, K slots, K steps, O] of the actions in each slot.

        Args:
            inputs: [B, C, K, X] what is known of each action's target and of the stand.
            action: [B, C, K, D] vectors of the actions.
            active: [B, C, K] 0 where there is no action: its effect is exactly zero.
        """
        scale, shift = self.film(action).chunk(2, dim=-1)
        mixed = self.mix(self.read(inputs) * (1.0 + scale) + shift)
        by_lag = self.out(mixed).view(*mixed.shape[:-1], self.num_slots, self.num_outcomes)
        by_lag = by_lag * self.gate(mixed).sigmoid().unsqueeze(-2) * active[..., None, None]
        index = self.lag.expand(*by_lag.shape[:2], -1, -1, self.num_outcomes)
        by_step: Tensor = by_lag.gather(-2, index) * self.valid
        return by_step
