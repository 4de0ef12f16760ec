"""What happens next: the time of the next event of each kind, and the search for the least.

The index of an event is written into the lowest bits of its time, and the times are compared as whole numbers, which
positive floating-point numbers allow: so the search is a plain minimum, a third of the cost of one that keeps track of
a place. It moves an event by less than 2^-42 of its time, and never to before the present. The least of the services'
events and the least of all others are kept, and looked for anew only where the one that was the least has moved.
"""

from clusters.reference.compiled import inlined
from clusters.reference.layout import FIRST_SERVICE, LEAST_OTHER, LEAST_SERVICE, MAX_EVENTS, NEVER, World


@inlined
def put(w: World, event: int, time: float) -> None:
    """Let the next event of this kind, which is no service's, happen at `time`; inf: not at all."""
    place(w, event, time, LEAST_OTHER, 0, w.counters[FIRST_SERVICE])


@inlined
def put_service(w: World, s: int, time: float) -> None:
    """Let the next request at a service be done with its CPU time at `time`; inf: none."""
    first = w.counters[FIRST_SERVICE]
    place(w, first + s, time, LEAST_SERVICE, first, len(w.due_words))


@inlined
def place(w: World, event: int, time: float, kept: int, first: int, end: int) -> None:
    """Move an event of the group that reaches from `first` to `end` and whose least word is `kept` among counters."""
    before = w.due_words[event]
    w.due[event] = time
    word = (w.due_words[event] & ~(MAX_EVENTS - 1)) + MAX_EVENTS + event
    w.due_words[event] = word
    if word < w.counters[kept]:
        w.counters[kept] = word
    elif before == w.counters[kept]:
        least = NEVER
        for k in range(first, end):
            least = min(least, w.due_words[k])
        w.counters[kept] = least


@inlined
def first_due(w: World) -> int:
    """The event that is due first; of equal ones the one with the least index."""
    event: int = min(w.counters[LEAST_OTHER], w.counters[LEAST_SERVICE]) & (MAX_EVENTS - 1)
    return event
