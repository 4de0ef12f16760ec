"""Where the next episodes of environments lie.

Legend: N environments, D places of each, K environments that begin an episode.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Ints = NDArray[np.int64]


@compiled
def has_each(envs: Ints, num: Ints) -> bool:
    """Whether each of these environments [K] has any of what is counted [N]."""
    least = 1
    for env in envs:
        least = min(least, num[env])
    return least > 0


@compiled
def take_next(envs: Ints, num_places: int, first: Ints, num_ahead: Ints, num_warm: Ints, places: Ints) -> None:
    """Take the next episode of each of these environments, which has one.

    Args:
        envs: [K]
        num_places: D.
        first: [N] of all an environment's episodes, the next; in place.
        num_ahead: [N] how many are drawn, in place.
        num_warm: [N] how many of these are warmed up, in place.
        places: [K] filled, in the order of all places [N * D].
    """
    for k in range(envs.shape[0]):
        env = envs[k]
        places[k] = env * num_places + first[env] % num_places
        first[env] += 1
        num_ahead[env] -= 1
        num_warm[env] = max(num_warm[env] - 1, 0)
