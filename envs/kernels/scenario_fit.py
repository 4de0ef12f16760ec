"""Whether scenarios fit the time scales that they are played with.

Legend: K scenarios.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def num_unfit(
    horizon_seconds: Floats, warmup_seconds: Floats, control_step_seconds: float, window_seconds: float
) -> int:
    """How many scenarios [K] last no whole number of control steps, or warm up for less than the window."""
    count = 0
    for k in range(horizon_seconds.shape[0]):
        is_odd = horizon_seconds[k] <= 0.0 or horizon_seconds[k] % control_step_seconds != 0.0
        count += is_odd or warmup_seconds[k] < window_seconds
    return count
