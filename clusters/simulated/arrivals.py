"""Requests that reach the entry in one tick.

Lognormal with the Poisson's mean and variance: never negative, and near the Poisson from a few requests on. In a closed
loop each of `rate x think` users sends, waits for the answer and thinks, so the rate falls as the answers take longer;
how long they take is known from the last tick.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.kernels.arrivals import NUM_ROOM_ROWS, Arrivals, Offered, fill_arrivals
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]


def draw_arrivals(state: StandState, draws: Floats) -> Arrivals:
    """From standard normal numbers [R, N]."""
    num_stands = state.num_stands
    by_type = {name: np.empty_like(draws) for name in ("planned", "sent", "mean", "drawn")}
    arrivals = Arrivals(**by_type, admitted_ratio=np.empty(num_stands, dtype=np.float32))
    room = np.empty((NUM_ROOM_ROWS, num_stands), dtype=np.float32)
    fill_arrivals(Offered(*(getattr(state, name) for name in Offered._fields)), draws, room, arrivals)
    return arrivals
