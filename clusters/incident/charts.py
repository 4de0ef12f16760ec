"""Small charts over time as fluid SVG: the drawing stretches with the page, texts stand beside it as HTML.

Coordinates are 0 to `WIDTH` along the time and 0 to `HEIGHT` downwards. Legend: T buckets, R replicates.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.incident.readings import known_mean

WIDTH, HEIGHT = 1000.0, 100.0
_LATENCY_LOW, _LATENCY_DECADES = 1.0, (1.0, 10.0, 100.0, 1000.0, 10_000.0, 100_000.0)
_HEADROOM = 1.12
_MOST_TICKS, _MOST_TIME_TICKS = 3, 4
_TIME_STEPS = (60.0, 120.0, 200.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)
_SMALLEST_SHOWN = 0.005

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TimeAxis:
    """Times in seconds after the warm-up."""

    start: float
    end: float
    bucket_seconds: float

    @property
    def middles(self) -> Floats:
        """[T] of the buckets."""
        return np.arange(self.start, self.end, self.bucket_seconds) + self.bucket_seconds / 2

    def x(self, seconds: float) -> float:
        """Where a time is drawn."""
        return WIDTH * (seconds - self.start) / (self.end - self.start)

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """(share of the width in percent, text) of a few round times."""
        step = next((step for step in _TIME_STEPS if self.end / step <= _MOST_TIME_TICKS), _TIME_STEPS[-1])
        times = np.arange(0.0, self.end, step)
        return tuple((100.0 * self.x(float(seconds)) / WIDTH, f"{seconds:.0f} s") for seconds in times)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What a height means, in the unit that is shown."""

    low: float
    high: float
    unit: str
    """`ms`, `%`, `/s`, `m` or empty."""
    is_logarithmic: bool = False

    def y(self, values: Floats) -> Floats:
        """Heights in the drawing; NaN stays NaN."""
        if self.is_logarithmic:
            share = np.log(np.maximum(values, self.low) / self.low) / np.log(self.high / self.low)
        else:
            share = (values - self.low) / (self.high - self.low)
        heights: Floats = HEIGHT * (1.0 - np.clip(share, 0.0, 1.0))
        return heights

    def ticks(self) -> tuple[tuple[float, str], ...]:
        """(height, text) of the lines to read the chart by."""
        if self.is_logarithmic:
            inside = [value for value in _LATENCY_DECADES if self.low < value <= self.high]
            values = inside[:: 1 + (len(inside) - 1) // _MOST_TICKS]
        else:
            power = 10.0 ** np.floor(np.log10(self.high / _MOST_TICKS))
            step = next(float(power * leap) for leap in (1, 2, 5, 10) if power * leap * _MOST_TICKS >= self.high)
            values = [float(value) for value in np.arange(step, self.high, step)]
        return tuple((float(self.y(np.array(value))), quantity(value, self.unit)) for value in values)


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One signal, ready to draw."""

    title: str
    scale: Scale
    line: str
    """SVG path of the mean over replicates; so on below."""
    band: str
    """Between the lowest and the highest replicate; empty: there is one."""
    dashed: str
    """A second course: had nothing been done, or a limit that moves; empty: none."""
    limit: float | None
    """Height of the objective."""
    limit_text: str
    values: tuple[str, ...]
    """[T] as shown at the cursor."""


def draw_chart(
    title: str,
    values: NDArray[np.float32],
    axis: TimeAxis,
    scale: Scale,
    *,
    dashed: NDArray[np.float32] | None = None,
    limit: float | None = None,
) -> Chart:
    """A chart of one signal, [R, T], of a second course to compare it with, and of its objective."""
    mean = known_mean(values).astype(np.float64)
    return Chart(
        title=title,
        scale=scale,
        line=_line(axis, scale.y(mean)),
        band=_band(axis, scale, values.astype(np.float64)) if len(values) > 1 else "",
        dashed="" if dashed is None else _line(axis, scale.y(known_mean(dashed).astype(np.float64))),
        limit=None if limit is None else float(scale.y(np.array(limit))),
        limit_text="" if limit is None else quantity(limit, scale.unit),
        values=tuple(quantity(value, scale.unit) for value in mean),
    )


def linear_scale(unit: str, *signals: NDArray[np.float32] | None, least: float) -> Scale:
    """From 0 to somewhat above all of these values, and at least to `least`."""
    return Scale(low=0.0, high=_HEADROOM * max(least, _highest(signals)), unit=unit)


def latency_scale(*signals: NDArray[np.float32] | None) -> Scale:
    """Logarithmic milliseconds that hold all of these."""
    known = [values[np.isfinite(values) & (values > 0)] for values in signals if values is not None]
    lowest = min((float(values.min()) for values in known if values.size), default=_LATENCY_LOW)
    low = max(_LATENCY_LOW, 0.8 * lowest)
    return Scale(low=low, high=1.3 * max(10 * low, _highest(signals)), unit="ms", is_logarithmic=True)


def quantity(value: float, unit: str) -> str:
    """A number as it is written beside a chart, in three digits or so."""
    if not np.isfinite(value):
        return "no data"
    if unit == "ms" and value >= 1000:
        return f"{value / 1000:.3g} s"
    if unit == "By":
        return f"{value / 2**20:.3g} MiB"
    value = 0.0 if abs(value) < _SMALLEST_SHOWN else value
    if unit == "" and value >= 10_000:
        return f"{value / 1000:.3g}k"
    digits = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits}{'' if unit in ('', '%', 'm', '/s') else ' '}{unit}"


def _highest(signals: Sequence[NDArray[np.float32] | None]) -> float:
    known = [values[np.isfinite(values)] for values in signals if values is not None]
    return max((float(values.max(initial=0.0)) for values in known), default=0.0)


def _line(axis: TimeAxis, heights: Floats) -> str:
    """A path that is broken where nothing is known; a lone bucket becomes a short dash."""
    parts, is_drawing = [], False
    half = axis.bucket_seconds / 2
    for number, (seconds, height) in enumerate(zip(axis.middles, heights, strict=True)):
        if np.isfinite(height):
            is_last = number + 1 == len(heights) or not np.isfinite(heights[number + 1])
            if not is_drawing and is_last:
                parts.append(f"M{axis.x(seconds - half):.1f},{height:.2f}")
            parts.append(f"{'L' if is_drawing or is_last else 'M'}{axis.x(seconds):.1f},{height:.2f}")
        is_drawing = bool(np.isfinite(height))
    return "".join(parts)


def _band(axis: TimeAxis, scale: Scale, values: Floats) -> str:
    low = np.where(np.isfinite(values), values, np.inf).min(axis=0)
    high = np.where(np.isfinite(values), values, -np.inf).max(axis=0)
    known = np.isfinite(low)
    parts = []
    for run in np.split(np.arange(len(known)), np.flatnonzero(np.diff(known)) + 1):
        if known[run[0]] and len(run) > 1:
            times = [axis.x(seconds) for seconds in axis.middles[run]]
            upper = [f"{x:.1f},{y:.2f}" for x, y in zip(times, scale.y(high[run]), strict=True)]
            lower = [f"{x:.1f},{y:.2f}" for x, y in zip(times, scale.y(low[run]), strict=True)]
            parts.append(f"M{'L'.join(upper + lower[::-1])}Z")
    return "".join(parts)
