"""From buckets to the control step."""

import numpy as np
from numpy.typing import NDArray


def step_mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> NDArray[np.float64]:
    """[N] mean over the step's reward buckets [N, T]."""
    total = values[:, 0].astype(np.float64)
    for bucket in range(1, values.shape[1]):  # spelled out: a sum over an axis may round otherwise in a larger batch
        total += values[:, bucket]
    total /= values.shape[1]
    return total
