"""From buckets to the control step."""

import numpy as np
from numpy.typing import NDArray


def step_mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
    """[N] mean over the step's reward buckets [N, T]."""
    return np.asarray(values.astype(np.float64, order="C").mean(axis=-1))
