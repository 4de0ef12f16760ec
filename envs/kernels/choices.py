"""Which stands a step moves, and what is done to them.

Legend: N stands, A actions.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled


@compiled
def choose_moving(
    actions: NDArray[np.int64],
    asked: NDArray[np.bool_],
    num_steps: NDArray[np.int64],
    ends: NDArray[np.int8],
    num_actions: int,
    chosen: NDArray[np.int64],
    moving: NDArray[np.bool_],
) -> tuple[int, int]:
    """Fill which stands [N] move, and their actions [N]: 0 where one does not.

    Args:
        actions: [N] indices.
        asked: [N] whether a stand is to move; it does unless its episode is over.
        num_steps: [N] length of the episode, 0 before the first.
        ends: [N] 0 while it runs.
        num_actions: A.
        chosen: [N]
        moving: [N]

    Returns:
        How many are asked to move before their first episode, and how many actions do not exist.
    """
    num_unready = num_unknown = 0
    for n in range(actions.shape[0]):
        moving[n] = asked[n] and ends[n] == 0
        chosen[n] = actions[n] if moving[n] else 0
        num_unready += asked[n] and num_steps[n] == 0
        num_unknown += chosen[n] < 0 or chosen[n] >= num_actions
    return num_unready, num_unknown
