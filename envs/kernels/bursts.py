"""Bursts in the courses of loads.

Legend: K traces, L steps.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def put_bursts(start_seconds: Floats, end_seconds: Floats, height: Floats, step_times: Floats, shapes: Floats) -> None:
    """Enter one burst [K] into each trace's load [K, L], in place.

    Args:
        start_seconds: [K] a step that begins then is within it.
        end_seconds: [K] one that begins then is not.
        height: [K] the load of steps within it.
        step_times: [L] when each step begins, in order.
        shapes: [K, L]
    """
    for k in range(shapes.shape[0]):
        for step in range(shapes.shape[1]):
            if start_seconds[k] <= step_times[step] < end_seconds[k]:
                shapes[k, step] = height[k]
