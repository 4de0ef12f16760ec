"""What faults that many stands remember write into the state: delays, CPU stress and kill loops."""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.compiled import compiled

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Place(IntEnum):
    """What a change is of."""

    EDGE_DELAY = 0
    STRESS = 1
    KILLS = 2


class Event(IntEnum):
    """What happened to the fault that a change is of."""

    STARTED = 0
    CHANGED = 1
    ENDED = 2


CHANGE: np.dtype[np.void] = np.dtype(
    [("stand", "i8"), ("position", "i8"), ("amount", "f8"), ("place", "i1"), ("event", "i1")]
)
"""What the faults at one place amount to from now on: seconds of delay, share of the limit, seconds between kills."""

_EDGE_DELAY, _STRESS = int(Place.EDGE_DELAY), int(Place.STRESS)
_STARTED, _ENDED = int(Event.STARTED), int(Event.ENDED)


class FaultState(NamedTuple):
    """What of the state they change: [N], [E, N], slots [K, S, N], and [S, N]."""

    tick: Ints
    edge_delay_seconds: Floats
    present: NDArray[np.bool_]
    stress: Floats
    kill_period: Floats
    kill_next: Floats


@compiled
def put_faults(changes: NDArray[Any], state: FaultState) -> None:
    """Write changes, one after the other, as the rules of the faults do one by one.

    Args:
        changes: rows of `CHANGE`; a stand may be there more than once.
        state: of all stands, in place.
    """
    for change in range(changes.shape[0]):
        n, position = changes[change].stand, changes[change].position
        amount, event = np.float32(changes[change].amount), changes[change].event
        if changes[change].place == _EDGE_DELAY:
            state.edge_delay_seconds[position, n] = amount
        elif changes[change].place == _STRESS:
            for k in range(state.stress.shape[0]):
                if event == _ENDED:
                    state.stress[k, position, n] = min(state.stress[k, position, n], amount)
                elif state.present[k, position, n] and (event == _STARTED or state.stress[k, position, n] > 0.0):
                    state.stress[k, position, n] = amount
        elif amount != state.kill_period[position, n]:
            state.kill_period[position, n] = amount
            state.kill_next[position, n] = state.tick[n] if amount < np.inf else np.inf
