"""Rows of several arrays at once: a call for each array would cost more than what it does."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled


@compiled
def put_first_row(
    places: NDArray[np.int64], sources: tuple[NDArray[Any], ...], targets: tuple[NDArray[Any], ...]
) -> None:
    """Write the first row of each source [1 or more, any] to the places [K] in its target [N, any]."""
    for i in range(len(targets)):
        for k in range(places.shape[0]):
            for column in range(targets[i].shape[1]):
                targets[i][places[k], column] = sources[i][0, column]
