"""A load that was measured somewhere: a CSV with the columns `seconds,rate_rps`."""

import csv
import math
from pathlib import Path

import numpy as np

from envs.random_columns import RandomColumns
from envs.workloads.workload import STEP_SECONDS, Floats, LoadRequests, Loads, open_loads
from ray_configs.errors import UserError

HEADER = ["seconds", "rate_rps"]


class Recorded:
    """Plays a recording from the stand's reset on; each rate holds until the next, the last one to the end.

    The recorded rates are multiplied by the level, so that one recording makes many traces.

    Args:
        path: the CSV; times are seconds from 0 on, in increasing order.

    Raises:
        UserError: the file is missing or is no such CSV.
    """

    def __init__(self, path: str | Path) -> None:
        self._times, self._rates = _read(Path(path))

    def draw(self, requests: LoadRequests, rng: RandomColumns) -> Loads:
        """The recorded trace, at the recorded rates times the levels."""
        times = np.arange(requests.most_steps) * STEP_SECONDS
        held = np.searchsorted(self._times, times, side="right") - 1
        shape = self._rates[held] / requests.application.nominal_rate_rps
        return open_loads(requests, np.repeat(shape[None], len(requests), axis=0))


def _read(path: Path) -> tuple[Floats, Floats]:
    """Times and rates, both [L]."""
    if not path.is_file():
        raise UserError(f"there is no recorded workload {path}; give the path of a CSV with {','.join(HEADER)}")
    with path.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))
    if not rows or rows[0] != HEADER:
        found = ",".join(rows[0]) if rows else "nothing"
        raise UserError(f"{path} begins with {found!r}; its first line must be {','.join(HEADER)!r}")
    values = np.array([_numbers(path, number, row) for number, row in enumerate(rows[1:], start=2)])
    if not len(values) or values[0, 0] != 0.0:
        raise UserError(f"{path} does not begin at 0 seconds; give the rate that holds from the start")
    for number in (np.flatnonzero(np.diff(values[:, 0]) <= 0) + 3).tolist():
        raise UserError(f"{path}, line {number}: the time does not increase; sort the lines and drop repeated times")
    return values[:, 0], values[:, 1]


def _numbers(path: Path, number: int, row: list[str]) -> tuple[float, float]:
    """One line's time and rate."""
    try:
        seconds, rate = (float(cell) for cell in row)
    except ValueError:
        raise UserError(
            f"{path}, line {number}: {','.join(row)!r} is not two numbers; write seconds,rate_rps"
        ) from None
    if not (0 <= seconds < math.inf and 0 <= rate < math.inf):
        raise UserError(f"{path}, line {number}: {','.join(row)!r} is negative or not finite; give numbers from 0 on")
    return seconds, rate
