"""Attention among the tokens of a stand, biased by how the two tokens are related in the service graph.

Legend: B batch, N tokens (services, then journeys, then the stand), D width, R relations.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learners.world_models.layout import Layout

_UNRELATED, _SELF, _CALLER, _CALLEE, _SECOND_HAND, _ACROSS = range(6)
NUM_RELATIONS = 6


def relations(layout: Layout) -> NDArray[np.int64]:
    """[N, N] relation of the row's token to the column's."""
    num_services = len(layout.services)
    num_tokens = num_services + len(layout.journeys) + 1
    table = np.full((num_tokens, num_tokens), _ACROSS, np.int64)
    calls = np.zeros((num_services, num_services), bool)
    for source, target in layout.edges:
        calls[source, target] = True
    among = np.full((num_services, num_services), _UNRELATED, np.int64)
    two_hops = (calls.astype(int) @ calls.astype(int)) > 0
    among[two_hops | two_hops.T] = _SECOND_HAND
    among[calls] = _CALLEE
    among[calls.T] = _CALLER
    table[:num_services, :num_services] = among
    np.fill_diagonal(table, _SELF)
    return table


class GraphLayer(nn.Module):
    """Pre-norm attention and MLP; each head adds a learnt bias per relation to its scores."""

    relation: Tensor

    def __init__(self, layout: Layout, *, width: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.register_buffer("relation", torch.from_numpy(relations(layout)), persistent=False)
        self.bias = nn.Parameter(torch.zeros(num_heads, NUM_RELATIONS))
        self.attention_norm = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Let the tokens [B, N, D] look at each other."""
        batch, num_tokens, width = tokens.shape
        split = self.query_key_value(self.attention_norm(tokens)).view(batch, num_tokens, 3, self.num_heads, -1)
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each [B, heads, N, D / heads]
        scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5 + self.bias[:, self.relation]
        mixed = (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(batch, num_tokens, width)
        tokens = tokens + self.dropout(self.out(mixed))
        out: Tensor = tokens + self.dropout(self.mlp(tokens))
        return out
