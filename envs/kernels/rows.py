"""Rows of several arrays at once: a call for each array would cost more than what it does."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled


@compiled
def put_first_row(
    is_chosen: NDArray[np.bool_], sources: tuple[NDArray[Any], ...], targets: tuple[NDArray[Any], ...]
) -> None:
    """Write the first row of each source [1 or more, any] to the chosen rows [N] of its target [N, any]."""
    for n in range(is_chosen.shape[0]):
        if is_chosen[n]:
            for i in range(len(targets)):
                for column in range(targets[i].shape[1]):
                    targets[i][n, column] = sources[i][0, column]
