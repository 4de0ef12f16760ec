"""From buckets, and from journeys, to the control step.

Legend: N stands, T reward buckets of the step, J journeys.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import inlined

Floats = NDArray[np.float64]


@inlined
def subtract_step_mean(values: NDArray[Any], term: Floats) -> None:
    """Subtract from a term [N] the mean over the step's reward buckets of numbers or truths [N, T]."""
    for n in range(len(term)):
        total = 0.0
        for t in range(values.shape[1]):
            total += values[n, t]
        term[n] -= total / values.shape[1]


@inlined
def subtract_step_mean_by_load(values: Floats, weights: Floats, term: Floats) -> None:
    """Subtract from a term [N] the mean over buckets and journeys [N, T, J]; unknown values count as 0.

    Weights [N, T, J] are the journeys' shares of the load.
    """
    for n in range(len(term)):
        total = 0.0
        for t in range(values.shape[1]):
            for j in range(values.shape[2]):
                value = values[n, t, j]
                total += (value if value > 0.0 else 0.0) * weights[n, t, j]
        term[n] -= total / values.shape[1]
