"""What happens next: the time of the next event of each kind, in a tournament whose winner is the least.

The index of an event is written into the lowest bits of its time, and the times are compared as whole numbers, which
positive floating-point numbers allow: so a match is a plain minimum, without a branch to be foretold. It moves an event
by less than 2^-42 of its time, and never to before the present.
"""

import numpy as np

from clusters.compiled import inlined
from clusters.reference.layout import FIRST_SERVICE, MAX_EVENTS, TIME, World


@inlined
def put(w: World, event: int, time: float) -> None:
    """Let the next event of this kind happen at `time`; inf: not at all."""
    word = (np.float64(time).view(np.int64) & ~(MAX_EVENTS - 1)) + MAX_EVENTS + event
    place = (len(w.agenda) >> 1) + event
    w.agenda[place] = word
    while place > 1:
        word = min(word, w.agenda[place ^ 1])
        place >>= 1
        w.agenda[place] = word


@inlined
def put_service(w: World, s: int, time: float) -> None:
    """Let the next request at a service be done with its CPU time at `time`; inf: none."""
    put(w, w.counters[FIRST_SERVICE] + s, time)


@inlined
def first_due(w: World) -> int:
    """The event that is due first; of equal ones the one with the least index. Its time becomes the present."""
    word = w.agenda[1]
    w.now[TIME] = np.int64(word).view(np.float64)
    event: int = word & (MAX_EVENTS - 1)
    return event
