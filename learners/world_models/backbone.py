"""The one backbone of every world model here.

    history -> tokens (a service each, a journey each, the stand) -> graph attention = state
    state + chunk of actions -> graph attention -> quantiles of the future chunk, and the outcomes of each step

The history is encoded once; many candidate chunks are decoded from it in one batch. The passive twin is the same
class with `action_conditioned: false`: every action is masked.
Legend: B batch, C candidates, T history, H future buckets, K control steps, S services, J journeys, N tokens,
D width, Q quantiles.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from learners.world_models.action_encoder import ActionEncoder, EffectHead, acts
from learners.world_models.attention import GraphLayer
from learners.world_models.features import (
    FORECAST_JOURNEY_SIGNALS,
    FORECAST_NODE_SIGNALS,
    JOURNEY_FEATURES,
    SERVICE_FEATURES,
    STAND_FEATURES,
)
from learners.world_models.layout import HORIZON_STEPS, Layout
from learners.world_models.windows import REWARD_PARTS

QUANTILES = (0.1, 0.5, 0.9)
_NUM_OUTCOMES = len(REWARD_PARTS) + 2
"""Per step: the parts of the reward, the violation of an objective, and recovery, which is read at the last step."""
_NUM_TIME_MIXES = 8
_RECENT_BUCKETS = 3


@dataclass(frozen=True, kw_only=True)
class BackboneConfig:
    """Size of the network, and whether it sees actions."""

    action_conditioned: bool = True
    """False: the passive twin, which sees every action as masked."""
    width: int = 64
    """Width of a token."""
    num_heads: int = 4
    """Attention heads; they divide the width."""
    num_history_layers: int = 2
    """Graph layers before the action is injected."""
    num_future_layers: int = 1
    """Graph layers after the action is injected."""
    effect_hidden: int = 64
    """Hidden width of the head that scores actions."""
    dropout: float = 0.1
    """Share of activations dropped in training."""

    def __post_init__(self) -> None:
        if self.width < 1 or self.num_heads < 1 or self.width % self.num_heads:
            raise ValueError(f"width {self.width} must be a multiple of num_heads {self.num_heads}; change one of them")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout is {self.dropout}; give a share of at least 0 and below 1")


class Outcomes(NamedTuple):
    """What a model expects of each candidate."""

    rewards: Tensor
    """[B, C, K, P] standardised parts of the reward of each control step."""
    violation_logits: Tensor
    """[B, C, K] of an objective being violated during the step."""
    recovery_logits: Tensor
    """[B, C] of every objective being met in the last minute."""
    journeys: Tensor
    """[B, C, H, J, 3, Q] standardised, quantiles in ascending order."""
    nodes: Tensor
    """[B, C, H, S, 3, Q]"""


class History(NamedTuple):
    """Encoded histories of B windows."""

    services: Tensor
    """[B, T, S, D]"""
    journeys: Tensor
    """[B, T, J, D]"""
    stand: Tensor
    """[B, T, D]"""
    last_journeys: Tensor
    """[B, J, 3] recent mean of the forecast signals; the forecast starts from there."""
    last_nodes: Tensor
    """[B, S, 3]"""


class State(NamedTuple):
    """Tokens [B, N, D] of services, journeys and the stand."""

    own: Tensor
    """What each entity's own history says."""
    mixed: Tensor
    """The same after looking around the graph."""


class Chunk(NamedTuple):
    """Actions of C candidates per window; fields as in ActionFeatures, [B, C, K]."""

    type_ids: Tensor
    target_ids: Tensor
    levels: Tensor


class TokenEncoder(nn.Module):
    """A time series of features per entity -> a token per entity: a learnt mix over time, then an MLP."""

    def __init__(self, *, num_buckets: int, num_features: int, num_entities: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Parameter(_averages(num_buckets))
        self.mlp = nn.Sequential(
            nn.Linear(_NUM_TIME_MIXES * num_features, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.entity = nn.Parameter(0.1 * torch.randn(num_entities, width))

    def forward(self, series: Tensor) -> Tensor:
        """Series [B, T, X, F] -> tokens [B, X, D]."""
        mixed = torch.einsum("mt,btxf->bxmf", self.mix, series)
        tokens: Tensor = self.mlp(mixed.flatten(2)) + self.entity
        return tokens


class Backbone(nn.Module):
    """Encodes histories, decodes the outcomes of candidate chunks."""

    def __init__(self, config: BackboneConfig, layout: Layout) -> None:
        super().__init__()
        self.config, self.layout = config, layout
        self.num_services, self.num_journeys = len(layout.services), len(layout.journeys)
        width, num_buckets = config.width, layout.history_buckets
        self.encode_services = TokenEncoder(
            num_buckets=num_buckets, num_features=SERVICE_FEATURES, num_entities=self.num_services, width=width
        )
        self.encode_journeys = TokenEncoder(
            num_buckets=num_buckets, num_features=JOURNEY_FEATURES, num_entities=self.num_journeys, width=width
        )
        self.encode_stand = TokenEncoder(
            num_buckets=num_buckets, num_features=STAND_FEATURES, num_entities=1, width=width
        )
        self.history_layers = self._layers(config.num_history_layers)
        self.encode_action = ActionEncoder(width=width, num_slots=HORIZON_STEPS)
        self.future_layers = self._layers(config.num_future_layers)
        self.future_norm = nn.LayerNorm(width)
        self.base = nn.Sequential(
            nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, _NUM_OUTCOMES * HORIZON_STEPS)
        )
        self.effect = EffectHead(
            num_inputs=3 * width,
            width=width,
            hidden=config.effect_hidden,
            num_slots=HORIZON_STEPS,
            num_outcomes=_NUM_OUTCOMES,
            dropout=config.dropout,
        )
        size = layout.horizon_buckets * len(QUANTILES)
        self.decode_journeys = nn.Linear(width, size * len(FORECAST_JOURNEY_SIGNALS))
        self.decode_nodes = nn.Linear(width, size * len(FORECAST_NODE_SIGNALS))

    def _layers(self, count: int) -> nn.Sequential:
        config = self.config
        return nn.Sequential(
            *(
                GraphLayer(self.layout, width=config.width, num_heads=config.num_heads, dropout=config.dropout)
                for _ in range(count)
            )
        )

    def forward(self, history: History, chunk: Chunk) -> Outcomes:
        """Outcomes of C candidate chunks for each of B histories."""
        return self.decode(self.encode(history), history, chunk)

    def encode(self, history: History) -> State:
        """The state that histories lead to."""
        own = torch.cat(
            (
                self.encode_services(history.services),
                self.encode_journeys(history.journeys),
                self.encode_stand(history.stand.unsqueeze(2)),
            ),
            dim=1,
        )
        return State(own=own, mixed=self.history_layers(own))

    def decode(self, state: State, history: History, chunk: Chunk) -> Outcomes:
        """Outcomes of each candidate. `state` is what `encode` gave for `history`."""
        active = acts(chunk.type_ids) * float(self.config.action_conditioned)
        actions = self.encode_action(chunk.type_ids, chunk.levels) * active.unsqueeze(-1)
        # Without a target an action acts on the stand, the last token.
        targets = torch.where(chunk.target_ids < self.num_services, chunk.target_ids, state.mixed.shape[1] - 1)
        steps = self._step_outcomes(state, actions, active, targets)
        tokens = self._future_tokens(state.mixed, actions, targets)
        journeys = tokens[..., self.num_services : -1, :]
        last_journeys, last_nodes = history.last_journeys[:, None, None], history.last_nodes[:, None, None]
        return Outcomes(
            rewards=steps[..., :-2],
            violation_logits=steps[..., -2],
            recovery_logits=steps[..., -1, -1],
            journeys=self._quantiles(self.decode_journeys(journeys), last_journeys),
            nodes=self._quantiles(self.decode_nodes(tokens[..., : self.num_services, :]), last_nodes),
        )

    def _step_outcomes(self, state: State, actions: Tensor, active: Tensor, targets: Tensor) -> Tensor:
        """[B, C, K, O]: a base that only the state decides, and what each action adds to it."""
        rows = torch.arange(len(targets))[:, None, None]
        stand = state.mixed[:, -1]
        base = self.base(torch.cat((stand, state.mixed[:, self.num_services : -1].mean(dim=1)), dim=-1))
        inputs = (state.own[rows, targets], state.mixed[rows, targets], stand[:, None, None].expand_as(actions))
        effects: Tensor = self.effect(torch.cat(inputs, dim=-1), actions, active)
        out: Tensor = base.view(-1, 1, HORIZON_STEPS, _NUM_OUTCOMES) + effects.sum(dim=2)
        return out

    def _future_tokens(self, state: Tensor, actions: Tensor, targets: Tensor) -> Tensor:
        """[B, C, N, D]: each action added to its target's token and to the stand's, then spread along the graph."""
        batch, num_candidates = actions.shape[:2]
        tokens = state[:, None].expand(-1, num_candidates, -1, -1)
        tokens = tokens.scatter_add(2, targets[..., None].expand_as(actions), actions)
        tokens = torch.cat((tokens[:, :, :-1], tokens[:, :, -1:] + actions.sum(dim=2, keepdim=True)), dim=2)
        mixed = self.future_layers(tokens.flatten(0, 1))
        normed: Tensor = self.future_norm(mixed)
        return normed.view(batch, num_candidates, *normed.shape[1:])

    def _quantiles(self, decoded: Tensor, last: Tensor) -> Tensor:
        """[B, C, X, H * 3 * Q] -> [B, C, H, X, 3, Q] ascending, as a change from the last values."""
        raw = decoded.view(*decoded.shape[:3], self.layout.horizon_buckets, -1, len(QUANTILES)).transpose(2, 3)
        middle = raw[..., 1] + last
        below, above = nn.functional.softplus(raw[..., 0] - 1.0), nn.functional.softplus(raw[..., 2] - 1.0)
        return torch.stack((middle - below, middle, middle + above), dim=-1)


def _averages(num_buckets: int) -> Tensor:
    """[M, T] initial mixes over time: the last bucket, means over growing spans, and changes between them."""
    means = torch.zeros(4, num_buckets)
    for row, span in enumerate((1, _RECENT_BUCKETS, 3 * _RECENT_BUCKETS, num_buckets)):
        means[row, -min(span, num_buckets) :] = 1.0 / min(span, num_buckets)
    changes = torch.stack((means[0] - means[1], means[1] - means[2], means[2] - means[3]))
    return torch.cat((means, changes, 0.1 * torch.randn(1, num_buckets)))
