"""Windows -> the tensors of one batch.

Legend: W windows, B batch, C candidates, T history, H future buckets, K control steps, S services, J journeys.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from envs.actions.action import ActionFeatures
from learners.world_models.backbone import Chunk, History
from learners.world_models.features import FrameTensors, Statistics, encode_frames
from learners.world_models.windows import Windows

_RECENT_BUCKETS = 3


class Targets(NamedTuple):
    """What really happened, on the scales of `Outcomes`; forecast targets are NaN where nothing was measured."""

    rewards: Tensor
    """[B, K, P]"""
    violated: Tensor
    """[B, K]"""
    recovered: Tensor
    """[B]"""
    journeys: Tensor
    """[B, H, J, 3]"""
    nodes: Tensor
    """[B, H, S, 3]"""
    twin_rewards: Tensor
    """[B, K, P] had nothing been done; NaN where that was not played."""
    twin_journeys: Tensor
    """[B, H, J, 3]"""
    reward_scale: Tensor
    """[P] turns standardised differences of rewards into reward."""


class EncodedWindows:
    """Windows encoded once with given statistics; a batch is a gather."""

    def __init__(self, windows: Windows, statistics: Statistics, frames: FrameTensors | None = None) -> None:
        """Encode.

        Args:
            windows: what to encode.
            statistics: of the model's training windows.
            frames: the windows' frames, if they are encoded already.
        """
        self.windows = windows
        self.frames = frames or encode_frames(windows.frames, windows.layout, statistics)
        self._past = torch.from_numpy(windows.history_positions)
        self._future = torch.from_numpy(windows.future_positions)
        self._chunk = chunk_of(windows.chunk)
        self._rewards = torch.from_numpy((windows.rewards - statistics.reward_centre) / statistics.reward_scale)
        self._reward_scale = torch.tensor(statistics.reward_scale)
        self._twins = torch.tensor(windows.twins)
        self._violated = torch.tensor(windows.violated, dtype=torch.float32)
        self._recovered = torch.tensor(windows.recovered, dtype=torch.float32)

    def __len__(self) -> int:
        """W."""
        return len(self.windows)

    def history(self, which: Tensor) -> History:
        """Histories of the windows `which` [B]."""
        return history_at(self.frames, self._past[which])

    def chunk(self, which: Tensor) -> Chunk:
        """Two candidates: the chunk that was played, and doing nothing (all zeros). [B, 2, K]."""
        return Chunk(*(torch.stack((field[which], torch.zeros_like(field[which])), dim=1) for field in self._chunk))

    def targets(self, which: Tensor) -> Targets:
        """What followed."""
        future, twins = self._future[which], self._twins[which]
        unknown = torch.where(twins < 0, torch.nan, 0.0)
        return Targets(
            rewards=self._rewards[which],
            violated=self._violated[which],
            recovered=self._recovered[which],
            journeys=self.frames.journey_targets[future],
            nodes=self.frames.node_targets[future],
            twin_rewards=self._rewards[twins] + unknown[:, None, None],
            reward_scale=self._reward_scale,
            twin_journeys=self.frames.journey_targets[self._future[twins]] + unknown[:, None, None, None],
        )


def chunk_of(actions: ActionFeatures) -> Chunk:
    """Action features of any leading shape as tensors."""
    # Copies, because arrays that come through Ray are read-only.
    return Chunk(
        type_ids=torch.tensor(actions.type_ids, dtype=torch.int64),
        target_ids=torch.tensor(actions.target_ids, dtype=torch.int64),
        levels=torch.tensor(actions.levels, dtype=torch.float32),
    )


def history_at(frames: FrameTensors, positions: Tensor) -> History:
    """Histories made of the frames at `positions` [B, T]."""
    recent = positions[:, -_RECENT_BUCKETS:]
    return History(
        services=frames.services[positions],
        journeys=frames.journeys[positions],
        stand=frames.stand[positions],
        last_journeys=frames.journey_targets[recent].nanmean(dim=1).nan_to_num(),
        last_nodes=frames.node_targets[recent].nanmean(dim=1).nan_to_num(),
    )


def positions_of(num_windows: int, num_buckets: int) -> NDArray[np.int64]:
    """[B, T] positions of windows that lie end to end."""
    return np.arange(num_windows * num_buckets).reshape(num_windows, num_buckets)
