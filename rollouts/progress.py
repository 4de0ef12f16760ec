"""How far a fill is: a bar on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES = 10.0


class Advance(Protocol):
    """Called once per finished item."""

    def __call__(self) -> None:
        """One more is done."""
        ...


@contextmanager
def progress(what: str, total: int, console: Console | None = None) -> Iterator[Advance]:
    """Show progress from 0 to `total` inside the block; yields the function to call for each finished item."""
    console = console or Console()
    if console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda: bar.advance(task)
        return
    yield _PlainLines(what, total, console)


class _PlainLines:
    """A line at the start of each interval and at the end: logs stay short however long the fill is."""

    def __init__(self, what: str, total: int, console: Console) -> None:
        self._what, self._total, self._console = what, total, console
        self._done = 0
        self._last = time.monotonic()

    def __call__(self) -> None:
        self._done += 1
        now = time.monotonic()
        if self._done == self._total or now - self._last >= _SECONDS_BETWEEN_LINES:
            self._last = now
            self._console.print(f"{self._what} {self._done}/{self._total}", highlight=False)
