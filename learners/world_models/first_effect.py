"""What the first action of a chunk adds to what users get: the number that ranking depends on, estimated with care.

Few recorded actions change anything for users, and what they change is small beside the noise of a single future. So,
once the backbone forecasts what happens anyway, an ensemble of small networks is fitted to what it leaves unexplained
(residuals, as in Robinson, Root-N-Consistent Semiparametric Regression, Econometrica 56(4), 1988), from how the target,
the journeys and the stand changed over the history. Two things keep noise from being read as effect: a penalty on the
size of the effect while fitting, and a soft threshold on the ensemble's mean.
Legend: B batch, C candidates, T history, S services, M members, X features, A action features.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from envs.actions.action import ACTION_TYPES
from learners.world_models.action_encoder import acts
from learners.world_models.features import JOURNEY_FEATURES, SERVICE_FEATURES, STAND_FEATURES

_RECENT_BUCKETS = 3
_VIEWS = 3
ACTION_FEATURES = 2 * len(ACTION_TYPES)


@dataclass(frozen=True, kw_only=True)
class FirstEffectConfig:
    """Size of the ensemble and how it is fitted."""

    num_members: int = 8
    """Networks that are averaged."""
    hidden: int = 32
    """Width of each network."""
    dropout: float = 0.3
    """Share of activations dropped while fitting; half as much of the inputs."""
    threshold: float = 0.09
    """Mean effects below this, in standard deviations of a step's reward, count as none; larger ones shrink by it."""
    sparsity: float = 0.18
    """Penalty on the absolute effect while fitting."""
    num_epochs: int = 40
    """Passes over the windows that start with an action."""
    batch_size: int = 64
    """Windows per gradient step."""
    learning_rate: float = 3e-3
    """Peak of the one-cycle schedule."""
    weight_decay: float = 0.05
    """Of AdamW."""


class FirstEffect(nn.Module):
    """The ensemble. Until `fitted` is set it says nothing, and the backbone's own estimate stands."""

    centre: Tensor
    scale: Tensor
    fitted: Tensor

    def __init__(self, config: FirstEffectConfig, *, num_journeys: int) -> None:
        super().__init__()
        self.config = config
        members, hidden = config.num_members, config.hidden
        num_features = _VIEWS * (SERVICE_FEATURES + STAND_FEATURES + num_journeys * JOURNEY_FEATURES)
        self.register_buffer("centre", torch.zeros(num_features))
        self.register_buffer("scale", torch.ones(num_features))
        self.register_buffer("fitted", torch.tensor(False))
        self.read = _Linears(members, num_features, hidden)
        self.film = _Linears(members, ACTION_FEATURES, 2 * hidden)
        self.mix = _Linears(members, hidden, hidden)
        self.out = _Linears(members, hidden, 1)
        self.usual = _Linears(members, ACTION_FEATURES, 1)

    def forward(self, features: Tensor, action: Tensor) -> Tensor:
        """Effect according to each member [M, n], from features [n, X] and actions [n, A]."""
        share = self.config.dropout
        inputs = ((features - self.centre) / self.scale).expand(self.config.num_members, -1, -1)
        inputs = functional.dropout(inputs, share / 2, self.training)
        read = functional.dropout(functional.gelu(self.read(inputs)), share, self.training)
        action = action.expand(self.config.num_members, -1, -1)
        scale, shift = self.film(action).chunk(2, dim=-1)
        mixed = functional.gelu(self.mix(read * (1.0 + scale) + shift))
        effect: Tensor = self.out(functional.dropout(mixed, share, self.training)) + self.usual(action)
        return effect[..., 0]

    def expected(self, features: Tensor, action: Tensor) -> Tensor:
        """[n] mean over members, behind the soft threshold."""
        return functional.softshrink(self(features, action).mean(dim=0), self.config.threshold)


class _Linears(nn.Module):
    """A linear layer per member, applied in one batch: [M, n, in] -> [M, n, out]."""

    def __init__(self, num_members: int, num_inputs: int, num_outputs: int) -> None:
        super().__init__()
        bound = num_inputs**-0.5
        self.weight = nn.Parameter(torch.empty(num_members, num_inputs, num_outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(num_members, 1, num_outputs).uniform_(-bound, bound))

    def forward(self, inputs: Tensor) -> Tensor:
        """One matrix product per member."""
        return torch.baddbmm(self.bias, inputs, self.weight)


def change_features(services: Tensor, journeys: Tensor, stand: Tensor, targets: Tensor) -> Tensor:
    """[B, C, X] how each candidate's target, the journeys and the stand changed over the history.

    Args:
        services: [B, T, S, D]
        journeys: [B, T, J, D]
        stand: [B, T, D]
        targets: [B, C] service index; S for none, whose features are zero.
    """
    candidates = targets.shape[1]
    of_services = functional.pad(_views(services), (0, 0, 0, 1))  # [B, S + 1, X]
    chosen = of_services[torch.arange(len(targets))[:, None], targets]
    around = torch.cat((_views(stand[:, :, None]).flatten(1), _views(journeys).flatten(1)), dim=-1)
    return torch.cat((chosen, around[:, None].expand(-1, candidates, -1)), dim=-1)


def action_features(type_ids: Tensor, levels: Tensor) -> Tensor:
    """[..., A] the type, and the level in its type's place."""
    kind = functional.one_hot(type_ids, len(ACTION_TYPES)).float() * acts(type_ids).unsqueeze(-1)
    return torch.cat((kind, kind * levels.unsqueeze(-1)), dim=-1)


def fit_first_effect(
    ensemble: FirstEffect, features: Tensor, action: Tensor, residuals: Tensor, generator: torch.Generator
) -> float:
    """Fit the ensemble to residuals [n] of windows that start with an action; the mean loss of the last epoch."""
    config = ensemble.config
    ensemble.centre.copy_(features.mean(dim=0))
    ensemble.scale.copy_(features.std(dim=0) + 0.1)
    optimizer = torch.optim.AdamW(ensemble.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    num_batches = -(-len(features) // config.batch_size)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=config.learning_rate, total_steps=config.num_epochs * num_batches
    )
    ensemble.train()
    losses: list[float] = []
    for _ in range(config.num_epochs):
        losses.clear()
        for which in torch.split(torch.randperm(len(features), generator=generator), config.batch_size):
            effects = ensemble(features[which], action[which])
            error = functional.huber_loss(effects, residuals[which].expand_as(effects))
            # Members do not meet in the loss: each is fitted as if it were alone, under its own dropout.
            loss = config.num_members * (error + config.sparsity * effects.abs().mean())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()) / config.num_members)
    ensemble.eval()
    ensemble.fitted.fill_(True)
    return sum(losses) / len(losses)


def _views(series: Tensor) -> Tensor:
    """[B, X, 3 F] of series [B, T, X, F]: the change since the start of the history, the last change, the level."""
    early = max(1, 2 * series.shape[1] // 5)
    recent, before, last = series[:, -_RECENT_BUCKETS:].mean(dim=1), series[:, :early].mean(dim=1), series[:, -1]
    return torch.cat((recent - before, last - recent, recent), dim=-1)
