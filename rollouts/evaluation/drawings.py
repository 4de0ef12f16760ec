"""Drawings of the page, as SVG text to put inside HTML. Legend: T buckets of history, H future buckets, Q quantiles."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from rollouts.evaluation.statistics import Estimate

Floats = NDArray[np.float64]

INK, MUTED, RULE = "#1d2733", "#66727f", "#d9dfe6"
PREDICTED, TRUE, HISTORY, LIMIT = "#2767ad", "#c4500c", "#4a5560", "#b3261e"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "otel-control-gym",
    "font.size": 8,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "text.color": INK,
}


@dataclass(frozen=True, kw_only=True)
class Fan:
    """One signal before the decision, as predicted after it, and as it truly goes on."""

    title: str
    history: Floats
    """[T]"""
    quantiles: Floats
    """[H, Q] in rising order; Q odd, the middle one is the median."""
    truth: Floats
    """[H]"""
    limit: float
    """The objective."""
    low: float
    high: float
    """Ends of the vertical axis, the same for every candidate."""
    is_logarithmic: bool
    bucket_seconds: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One row of a bar chart."""

    label: str
    figure: Estimate
    colour: str = PREDICTED


def draw_fans(fans: Sequence[Fan]) -> str:
    """The fans of one candidate, one above the other."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(len(fans), 1, figsize=(2.35, 1.6 * len(fans)), sharex=True, squeeze=False)
        for axis, fan in zip(axes[:, 0], fans, strict=True):
            _draw_fan(axis, fan)
        axes[-1, 0].set_xlabel("seconds from the decision", labelpad=2)
        return _svg(figure)


def draw_history(title: str, values: Floats, bucket_seconds: float, limit: float | None = None) -> str:
    """One signal up to the decision."""
    with plt.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(2.9, 1.5))
        seconds = bucket_seconds * np.arange(-len(values) + 1, 1)
        axis.plot(seconds, values, color=HISTORY, linewidth=1.4)
        if limit is not None:
            axis.axhline(limit, color=LIMIT, linewidth=0.8, linestyle=(0, (4, 3)))
        axis.set_title(title)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("seconds before the decision", labelpad=2)
        return _svg(figure)


def draw_bars(
    bars: Sequence[Bar], *, label: str, lines: Sequence[tuple[str, float]], limits: tuple[float, float]
) -> str:
    """Horizontal bars with intervals, and vertical lines to read them against."""
    with plt.rc_context(_STYLE):
        figure, axis = plt.subplots(figsize=(8.6, 0.5 + 0.27 * len(bars)))
        for row, bar in enumerate(bars):
            value = bar.figure.value
            axis.barh(row, value, height=0.62, color=bar.colour, alpha=0.85)
            axis.plot([bar.figure.low, bar.figure.high], [row, row], color=INK, linewidth=1.2)
            axis.text(bar.figure.high + 0.008, row, f"{value:.2f}", va="center", fontsize=8)
        for name, position in lines:
            axis.axvline(position, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
            axis.text(position, -0.75, name, ha="center", va="bottom", fontsize=7.5, color=MUTED)
        axis.set_yticks(range(len(bars)), [bar.label for bar in bars])
        axis.set_ylim(len(bars) - 0.4, -0.75)
        axis.set_xlim(*limits)
        axis.set_xlabel(label, labelpad=2)
        axis.tick_params(axis="y", length=0, colors=INK)
        axis.spines["left"].set_visible(False)
        return _svg(figure)


def _draw_fan(axis: Axes, fan: Fan) -> None:
    past = fan.bucket_seconds * np.arange(-len(fan.history) + 1, 1)
    future = fan.bucket_seconds * np.arange(1, len(fan.truth) + 1)
    axis.plot(past, fan.history, color=HISTORY, linewidth=1.1)
    middle = fan.quantiles.shape[1] // 2
    for edge in range(middle):
        low, high = fan.quantiles[:, edge], fan.quantiles[:, -1 - edge]
        axis.fill_between(future, low, high, color=PREDICTED, alpha=0.18, linewidth=0)
    axis.plot(future, fan.quantiles[:, middle], color=PREDICTED, linewidth=1.7)
    axis.plot(future, fan.truth, color=TRUE, linewidth=0.9)
    axis.axhline(fan.limit, color=LIMIT, linewidth=0.8, linestyle=(0, (4, 3)))
    axis.axvline(0, color=RULE, linewidth=1.0)
    if fan.is_logarithmic:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(
            matplotlib.ticker.LogLocator(subs=(1.0,) if fan.high > 60 * fan.low else (1.0, 2.0, 5.0))
        )
        axis.yaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axis.yaxis.set_minor_formatter(matplotlib.ticker.NullFormatter())
    axis.set_ylim(fan.low, fan.high)
    axis.set_title(fan.title)


def _svg(figure: Figure) -> str:
    """Close the figure and return its `svg` element, sized by the page."""
    buffer = io.StringIO()
    figure.tight_layout(pad=0.4)
    figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)
    text = buffer.getvalue()
    element = text[text.index("<svg") :]
    element = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", element, count=1)
    element = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", element, count=1)
    return re.sub(r"font: ([\d.]+)px[^;\"]*", r"font: \1px system-ui, sans-serif", element)
