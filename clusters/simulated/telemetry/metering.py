"""Adds one tick to the sums of the current bucket."""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.kernels.arrivals import Arrivals
from clusters.simulated.kernels.capacity import Capacity
from clusters.simulated.kernels.drawn import Drawn
from clusters.simulated.kernels.flow import Flow
from clusters.simulated.kernels.index import Index
from clusters.simulated.kernels.latency_arrays import Latency
from clusters.simulated.kernels.metering import Meters, add_tick
from clusters.simulated.queueing import QueueStep
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]


def meter(
    index: Index,
    state: StandState,
    capacity: Capacity,
    arrivals: Arrivals,
    flow: Flow,
    drawn: Drawn,
    step: QueueStep,
    latency: Latency,
    draw: Floats,
) -> None:
    """Add one tick; also brings memory and the autoscalers' CPU use up to date. `draw` is [S, N] standard normal."""
    meters = Meters(**{name: getattr(state, name) for name in Meters._fields})
    add_tick(index, meters, capacity, arrivals, flow, drawn, step, latency, draw)
