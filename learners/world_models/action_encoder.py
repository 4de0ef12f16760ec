"""Actions as vectors, and the direct effect of each action of a chunk on the outcomes of the steps that follow it.

Legend: B batch, C candidates, K control steps of the chunk, N tokens, D width, O outcomes per step.
"""

import torch
from torch import Tensor, nn

from envs.actions.action import ACTION_TYPES, ActionType

_DO_NOTHING = ACTION_TYPES.index(ActionType.DO_NOTHING)
_MASKED = ACTION_TYPES.index(ActionType.MASKED)


class ActionEncoder(nn.Module):
    """Type, level and time slot of an action -> a vector; exactly zero for `do_nothing` and for a masked action."""

    def __init__(self, *, width: int, num_slots: int) -> None:
        super().__init__()
        self.kind = nn.Embedding(len(ACTION_TYPES), width)
        self.slot = nn.Embedding(num_slots, width)
        self.level = nn.Linear(2, width)
        self.mix = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, type_ids: Tensor, levels: Tensor) -> tuple[Tensor, Tensor]:
        """[B, C, K] type ids and levels -> vectors [B, C, K, D], and [B, C, K, 1] whether the slot acts at all."""
        active = ((type_ids != _DO_NOTHING) & (type_ids != _MASKED)).unsqueeze(-1).float()
        kind = self.kind(type_ids)
        # The level's meaning depends on the type, hence the product.
        strength = self.level(torch.stack((levels, levels.abs()), dim=-1)) * kind
        return active * self.mix(kind + strength + self.slot.weight), active


class EffectHead(nn.Module):
    """What each action adds to the outcomes of its own and every later step of the horizon.

    An action is judged by the token of its target, whatever the service, so what is learnt on one service transfers;
    and by its lag, whatever the slot, so late slots of a chunk teach about early ones. Effects of several actions add.
    """

    valid: Tensor
    lag: Tensor

    def __init__(self, *, width: int, hidden: int, num_slots: int, num_outcomes: int, dropout: float) -> None:
        super().__init__()
        self.num_slots, self.num_outcomes = num_slots, num_outcomes
        self.score = nn.Sequential(
            nn.Linear(3 * width, hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.GELU(),
            nn.Linear(hidden, num_slots * num_outcomes),
        )
        step, slot = torch.arange(num_slots), torch.arange(num_slots)[:, None]
        self.register_buffer("valid", (step >= slot).float()[..., None], persistent=False)  # [K, K, 1]
        self.register_buffer("lag", (step - slot).clamp(min=0)[..., None], persistent=False)  # [K, K, 1]

    def forward(self, target: Tensor, stand: Tensor, action: Tensor, active: Tensor) -> Tensor:
        """Tokens of target and stand [B, C, K, D], action vectors -> added outcomes per step [B, C, K, O]."""
        scored: Tensor = self.score(torch.cat((target, stand, action), dim=-1)) * active
        by_lag = scored.view(*scored.shape[:-1], self.num_slots, self.num_outcomes)  # [B, C, K slots, K lags, O]
        index = self.lag.expand(*by_lag.shape[:2], -1, -1, self.num_outcomes)
        return (by_lag.gather(-2, index) * self.valid).sum(dim=2)
