"""Raw telemetry -> what a model sees: log1p, centred per entity, scaled per signal, zero where a value is missing.

Centring per entity and scaling by the spread within entities keeps one service's deviation comparable with another's,
so that what is learnt on one transfers. Statistics come from training windows only and live in the checkpoint.
Legend: N frames, S services, E edges, J journeys, F signals, D features.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, signal_index
from learners.world_models.layout import Layout
from learners.world_models.windows import Frames, Windows

FORECAST_JOURNEY_SIGNALS = ("good_ratio", "latency_p95_milliseconds", "error_ratio")
FORECAST_NODE_SIGNALS = ("latency_p95_milliseconds", "error_ratio", "queue_depth")

_JOURNEY_COLUMNS = [signal_index(JOURNEY_SIGNALS, name) for name in FORECAST_JOURNEY_SIGNALS]
_NODE_COLUMNS = [signal_index(NODE_SIGNALS, name) for name in FORECAST_NODE_SIGNALS]
_NUM_RATIOS = 3
_STATISTICS_FRAMES = 50_000
_FRAMES_AT_ONCE = 20_000
_CLIP = 8.0

SERVICE_FEATURES = len(NODE_SIGNALS) + _NUM_RATIOS + 1 + 2 * len(EDGE_SIGNALS)
JOURNEY_FEATURES = len(JOURNEY_SIGNALS) + 1
STAND_FEATURES = 2 * len(STAND_SIGNALS)


@dataclass(frozen=True, kw_only=True)
class Statistics:
    """Centres and scales of log1p values; float32 arrays."""

    node_centre: NDArray[np.float32]
    """[S, F]"""
    node_scale: NDArray[np.float32]
    """[F]"""
    ratio_centre: NDArray[np.float32]
    """[3] of the derived saturation ratios, over all services."""
    ratio_scale: NDArray[np.float32]
    """[3]"""
    edge_centre: NDArray[np.float32]
    """[E, F]"""
    edge_scale: NDArray[np.float32]
    """[F]"""
    journey_centre: NDArray[np.float32]
    """[J, F]"""
    journey_scale: NDArray[np.float32]
    """[F]"""
    stand_centre: NDArray[np.float32]
    """[F]"""
    stand_scale: NDArray[np.float32]
    """[F]"""
    reward_centre: NDArray[np.float32]
    """[P] of the parts of step rewards"""
    reward_scale: NDArray[np.float32]
    """[P]"""

    def tensors(self) -> dict[str, Tensor]:
        """Field name -> tensor, for a checkpoint."""
        return {field.name: torch.from_numpy(np.array(getattr(self, field.name))) for field in fields(self)}

    @classmethod
    def from_tensors(cls, tensors: dict[str, Tensor]) -> "Statistics":
        """The inverse of `tensors`."""
        return cls(**{name: tensor.numpy() for name, tensor in tensors.items()})


@dataclass(frozen=True, kw_only=True)
class FrameTensors:
    """Encoded frames: inputs without NaN, forecast targets with NaN where nothing was measured."""

    services: Tensor
    """[N, S, D]"""
    journeys: Tensor
    """[N, J, D]"""
    stand: Tensor
    """[N, D]"""
    journey_targets: Tensor
    """[N, J, 3] standardised FORECAST_JOURNEY_SIGNALS"""
    node_targets: Tensor
    """[N, S, 3] standardised FORECAST_NODE_SIGNALS"""


def fit_statistics(windows: Windows) -> Statistics:
    """Statistics over the frames that these (training) windows touch, or an even sample of them if they are many."""
    positions = np.unique(np.concatenate([windows.history_positions.ravel(), windows.future_positions.ravel()]))
    positions = positions[:: -(-len(positions) // _STATISTICS_FRAMES)]
    frames = windows.frames
    node_centre, node_scale = _centre_and_scale(np.log1p(frames.nodes[positions]))
    edge_centre, edge_scale = _centre_and_scale(np.log1p(frames.edges[positions]))
    journey_centre, journey_scale = _centre_and_scale(np.log1p(frames.journeys[positions]))
    stand_centre, stand_scale = _centre_and_scale(np.log1p(frames.stand[positions])[:, None])
    ratios = _ratios(frames.nodes[positions])
    ratio_centre, ratio_scale = _centre_and_scale(ratios.reshape(-1, 1, _NUM_RATIOS))
    return Statistics(
        node_centre=node_centre,
        node_scale=node_scale,
        ratio_centre=ratio_centre[0],
        ratio_scale=ratio_scale,
        edge_centre=edge_centre,
        edge_scale=edge_scale,
        journey_centre=journey_centre,
        journey_scale=journey_scale,
        stand_centre=stand_centre[0],
        stand_scale=stand_scale,
        reward_centre=windows.rewards.mean(axis=(0, 1)),
        reward_scale=np.maximum(windows.rewards.std(axis=(0, 1)), 1e-3),
    )


def encode_frames(frames: Frames, layout: Layout, statistics: Statistics) -> FrameTensors:
    """Everything a model reads or forecasts, for every frame."""
    num_frames = len(frames.stand)
    if num_frames <= _FRAMES_AT_ONCE:
        return _encode(frames, layout, statistics)
    # Part by part into place: intermediate results are several times as large as what comes out.
    whole: FrameTensors | None = None
    for start in range(0, num_frames, _FRAMES_AT_ONCE):
        rows = slice(start, start + _FRAMES_AT_ONCE)
        part = _encode(frames.part(rows), layout, statistics)
        if whole is None:
            whole = FrameTensors(**{name: _room_for(values, num_frames) for name, values in vars(part).items()})
        for name, values in vars(part).items():
            getattr(whole, name)[rows] = values
    assert whole is not None
    return whole


def _room_for(part: Tensor, num_frames: int) -> Tensor:
    return torch.empty((num_frames, *part.shape[1:]), dtype=part.dtype)


def _encode(frames: Frames, layout: Layout, statistics: Statistics) -> FrameTensors:
    nodes = _standardised(frames.nodes, statistics.node_centre, statistics.node_scale)
    edges = np.nan_to_num(_standardised(frames.edges, statistics.edge_centre, statistics.edge_scale))
    journeys = _standardised(frames.journeys, statistics.journey_centre, statistics.journey_scale)
    stand = _standardised(frames.stand, statistics.stand_centre, statistics.stand_scale)
    ratios = np.clip((_ratios(frames.nodes) - statistics.ratio_centre) / statistics.ratio_scale, -_CLIP, _CLIP)
    into, out_of = layout.neighbour_means()
    services = (
        np.nan_to_num(nodes),
        np.nan_to_num(ratios),
        _present(nodes),
        np.einsum("se,nef->nsf", into, edges),
        np.einsum("se,nef->nsf", out_of, edges),
    )
    return FrameTensors(
        services=_tensor(*services),
        journeys=_tensor(np.nan_to_num(journeys), _present(journeys)),
        stand=_tensor(np.nan_to_num(stand), np.isfinite(stand)),
        journey_targets=_tensor(journeys[..., _JOURNEY_COLUMNS]),
        node_targets=_tensor(nodes[..., _NODE_COLUMNS]),
    )


def journey_values(standardised: NDArray[np.float32], statistics: Statistics) -> NDArray[np.float32]:
    """Forecast journeys [..., J, 3, Q] back in their units; ratios are held within 0 and 1."""
    centre = statistics.journey_centre[:, _JOURNEY_COLUMNS][..., None]
    scale = statistics.journey_scale[_JOURNEY_COLUMNS][:, None]
    values = np.maximum(np.expm1(standardised * scale + centre), 0.0)
    for position, name in enumerate(FORECAST_JOURNEY_SIGNALS):
        if name.endswith("_ratio"):
            values[..., position, :] = np.minimum(values[..., position, :], 1.0)
    return np.asarray(values, np.float32)


def _ratios(nodes: NDArray[np.float32]) -> NDArray[np.float32]:
    """[N, S, 3] log1p of CPU saturation, memory saturation and queue per ready replica: what makes services alike."""

    def column(name: str) -> NDArray[np.float32]:
        return nodes[..., signal_index(NODE_SIGNALS, name)]

    replicas = np.maximum(column("replicas_ready"), 1.0)
    ratios = (
        column("cpu_usage_millicores") / np.maximum(column("cpu_limit_millicores") * replicas, 1.0),
        column("memory_bytes") / np.maximum(column("memory_limit_bytes") * replicas, 1.0),
        column("queue_depth") / replicas,
    )
    return np.asarray(np.log1p(np.stack(ratios, axis=-1)), np.float32)


def _centre_and_scale(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """[entities, F] mean per entity and [F] spread around it over all entities. [N, entities, F] -> both."""
    present = np.isfinite(values)
    filled = np.where(present, values, 0.0).astype(np.float64)
    count = np.maximum(present.sum(axis=0), 1)
    centre = filled.sum(axis=0) / count
    deviation = np.where(present, filled - centre, 0.0)
    spread = np.sqrt((deviation**2).sum(axis=(0, 1)) / np.maximum(present.sum(axis=(0, 1)), 1))
    return centre.astype(np.float32), np.maximum(spread, 1e-2).astype(np.float32)


def _standardised(
    values: NDArray[np.float32], centre: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.asarray(np.clip((np.log1p(values) - centre) / scale, -_CLIP, _CLIP), np.float32)


def _present(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """[..., 1] share of the signals that were measured."""
    return np.asarray(np.isfinite(values).mean(axis=-1, keepdims=True), np.float32)


def _tensor(*parts: NDArray[np.float32] | NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(np.concatenate([np.asarray(part, np.float32) for part in parts], axis=-1))
