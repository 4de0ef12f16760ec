"""Whether scenarios fit the time scales that they are played with.

Legend: K scenarios.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def find_unfit(
    horizon_seconds: Floats, warmup_seconds: Floats, control_step_seconds: float, window_seconds: float
) -> tuple[int, int]:
    """The first scenario that lasts no whole number of control steps, and the first that warms up too short.

    Args:
        horizon_seconds: [K]
        warmup_seconds: [K]
        control_step_seconds: what horizons are multiples of.
        window_seconds: least warm-up.

    Returns:
        A position for each; K: there is none.
    """
    num_scenarios = horizon_seconds.shape[0]
    odd = short = num_scenarios
    for k in range(num_scenarios - 1, -1, -1):
        if horizon_seconds[k] <= 0.0 or horizon_seconds[k] % control_step_seconds != 0.0:
            odd = k
        if warmup_seconds[k] < window_seconds:
            short = k
    return odd, short
