"""Making many objects at once that all stay."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_later() -> Iterator[None]:
    """Put off the search for garbage, which would look through all that was made again and again and find nothing.

    Python searches after every 700 new objects, and by the number of these searches decides when to look through the
    whole process. Whoever has switched the search off keeps it off.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
