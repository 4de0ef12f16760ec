"""One figure beside what it is held against, and how they are timed, printed and written down."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
NUM_ROUNDS = 5
WIDTH = 180
"""Columns of a table: names are long, and are to be read whole where the output goes to a file too."""


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One figure beside what it is held against."""

    name: str
    value: float
    anchor: str
    ratio: float | None
    goal: str
    holds: bool


def write(bars: Sequence[Bar], file_name: str) -> Path:
    """Write the bars to `bench/`."""
    path = ROOT / "bench" / file_name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(bar) for bar in bars], indent=2) + "\n")
    return path


def report(bars: Sequence[Bar], file_name: str) -> int:
    """Print the bars and write them to `bench/`; 1 if one does not hold."""
    path = write(bars, file_name)
    console = Console(width=WIDTH)
    table = Table("figure", "value", "anchor", "ratio", "goal", "holds", box=None)
    for bar in bars:
        ratio = "" if bar.ratio is None else f"{bar.ratio:,.2f}"
        table.add_row(bar.name, f"{bar.value:,.3f}", bar.anchor, ratio, bar.goal, "yes" if bar.holds else "NO")
    console.print(table)
    console.print(f"written: {path}", highlight=False)
    return 0 if all(bar.holds for bar in bars) else 1


def compare(
    first: Callable[[], object], second: Callable[[], object], num_rounds: int = NUM_ROUNDS
) -> tuple[float, float]:
    """Median CPU seconds of two sides run in turn, after one round that does not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(1 + num_rounds):
        for side, action in zip(seconds, (first, second), strict=True):
            side.append(cpu_seconds(action))
    return median(seconds[0][1:]), median(seconds[1][1:])


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of the thread that an action takes."""
    started = time.thread_time()
    action()
    return time.thread_time() - started
