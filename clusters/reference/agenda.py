"""What happens next: the time of the next event of each kind, and the search for the least.

The index of an event is written into the lowest bits of its time, and the times are compared as whole numbers, which
positive floating-point numbers allow: so the search is a plain minimum, a third of the cost of one that keeps track of
a place. It moves an event by less than 2^-43 of its time, and never to before the present.
"""

from clusters.reference.compiled import inlined
from clusters.reference.layout import MAX_EVENTS, NEVER, World


@inlined
def put(w: World, event: int, time: float) -> None:
    """Let the next event of this kind happen at `time`; inf: not at all."""
    w.due[event] = time
    w.due_words[event] = (w.due_words[event] & ~(MAX_EVENTS - 1)) + MAX_EVENTS + event


@inlined
def first_due(w: World) -> int:
    """The event that is due first; of equal ones the one with the least index."""
    words = w.due_words
    least = NEVER
    for k in range(len(words)):
        least = min(least, words[k])
    event: int = least & (MAX_EVENTS - 1)
    return event
