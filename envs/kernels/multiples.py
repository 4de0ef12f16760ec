"""Multiples of a unit.

Legend: K numbers.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float64]


@compiled
def fill_multiples(low: Floats, high: Floats, unit: float, numbers: Floats, multiples: Floats) -> None:
    """Fill [K] with multiples of a unit between bounds, each as likely, rounded up at the low end; at least one unit.

    Args:
        low: [K], or [1]: the same for all.
        high: the same.
        unit: what they are multiples of.
        numbers: [K] between 0 and 1, which choose.
        multiples: [K]
    """
    first = last = 0.0
    for k in range(multiples.shape[0]):
        if k == 0 or low.shape[0] > 1:
            first = max(1.0, np.ceil(low[k] / unit))
        if k == 0 or high.shape[0] > 1:
            last = high[k] // unit
        count = max(first, last) - first + 1.0
        multiples[k] = unit * (first + np.floor(count * numbers[k]))
