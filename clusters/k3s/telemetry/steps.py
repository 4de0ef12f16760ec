"""A value that holds until it changes, over time."""

import math
from bisect import bisect_left, bisect_right

KEPT_NS = 2 * 3600 * 10**9
"""What happened is remembered for so long."""


class Steps:
    """NaN before the first change."""

    def __init__(self) -> None:
        self._times_ns: list[int] = []
        self._values: list[float] = []

    @property
    def now(self) -> float:
        """The value since the last change."""
        return self._values[-1] if self._values else math.nan

    def change(self, time_ns: int, value: float) -> None:
        """The value from then on; times do not go back."""
        if value == self.now or (math.isnan(value) and math.isnan(self.now)):
            return
        self._times_ns.append(time_ns)
        self._values.append(value)
        forgotten = bisect_left(self._times_ns, time_ns - KEPT_NS) - 1
        if forgotten > 0:
            del self._times_ns[:forgotten], self._values[:forgotten]

    def at(self, time_ns: int) -> float:
        """The value just before a time."""
        position = bisect_left(self._times_ns, time_ns)
        return self._values[position - 1] if position else math.nan

    def mean(self, start_ns: int, end_ns: int) -> float:
        """Its mean over a time; NaN if it was so at any moment of it."""
        first, last = bisect_right(self._times_ns, start_ns), bisect_left(self._times_ns, end_ns)
        times = [start_ns, *self._times_ns[first:last], end_ns]
        values = [self._values[first - 1] if first else math.nan, *self._values[first:last]]
        return sum(value * (after - at) for value, at, after in zip(values, times, times[1:], strict=False)) / (
            end_ns - start_ns
        )

    def is_forgotten(self, time_ns: int) -> bool:
        """Whether nothing is known of it, nor was for as long as changes are remembered."""
        return math.isnan(self.now) and (not self._times_ns or self._times_ns[-1] < time_ns - KEPT_NS)
