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
    """Subtract from a term [N], which is 0, the mean over the step's reward buckets of numbers or truths [T, N]."""
    for t in range(values.shape[0]):
        for n in range(len(term)):
            term[n] -= values[t, n]
    for n in range(len(term)):
        term[n] /= values.shape[0]


@inlined
def subtract_step_mean_by_load(values: Floats, weights: Floats, term: Floats) -> None:
    """Subtract from a term [N], which is 0, the mean over buckets and journeys [T, J, N]; unknown values count as 0.

    Weights [T, J, N] are the journeys' shares of the load.
    """
    for t in range(values.shape[0]):
        for j in range(values.shape[1]):
            for n in range(len(term)):
                value = values[t, j, n]
                term[n] -= (value if value > 0.0 else 0.0) * weights[t, j, n]
    for n in range(len(term)):
        term[n] /= values.shape[0]
