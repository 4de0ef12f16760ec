"""What a policy sees of a stand: arrays and the spaces they live in. Never a label.

Legend: N stands, T buckets, S services, E edges, J journeys, A actions, F signals of a level.
"""

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from clusters.telemetry import EDGE_SIGNALS, JOURNEY_SIGNALS, NODE_SIGNALS, STAND_SIGNALS, TelemetryWindow
from clusters.topology import Application

MISSING = -1.0
"""Stands for a missing value: every signal is non-negative."""


def observation_of(window: TelemetryWindow, action_mask: NDArray[np.bool_]) -> dict[str, NDArray[np.float32]]:
    """A window and a mask as an observation, of one stand or of a batch alike.

    A window that has MISSING for what is missing is passed on without a copy: the observation changes with it.
    """
    return {
        "nodes": _filled(window, window.nodes),
        "edges": _filled(window, window.edges),
        "journeys": _filled(window, window.journeys),
        "stand": _filled(window, window.stand),
        "action_mask": action_mask.view(np.int8),
    }


def observation_space(application: Application, num_buckets: int, num_actions: int) -> spaces.Dict:
    """The space of one stand's observation."""
    shapes = {
        "nodes": (num_buckets, len(application.services), len(NODE_SIGNALS)),
        "edges": (num_buckets, len(application.edges), len(EDGE_SIGNALS)),
        "journeys": (num_buckets, len(application.journeys), len(JOURNEY_SIGNALS)),
        "stand": (num_buckets, len(STAND_SIGNALS)),
    }
    largest = float(np.finfo(np.float32).max)
    boxes = {name: spaces.Box(MISSING, largest, shape=shape, dtype=np.float32) for name, shape in shapes.items()}
    return spaces.Dict({**boxes, "action_mask": spaces.Box(0, 1, shape=(num_actions,), dtype=np.int8)})


def _filled(window: TelemetryWindow, values: NDArray[np.float32]) -> NDArray[np.float32]:
    if window.missing == MISSING:
        return values
    return np.where(np.isnan(values), np.float32(MISSING), values).astype(np.float32, order="C")
