"""The service graph at the moment of the decision: who fails, who is slow, who is loaded.

Legend: S services, E edges.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader
from numpy.typing import NDArray

from clusters.telemetry import EDGE_SIGNALS, NODE_SIGNALS, Signal, TelemetryWindow, signal_index
from clusters.topology import Application

AFFECTED_ERROR_RATIO = 0.02
AFFECTED_SLOWDOWN = 1.8
AFFECTED_CPU_SHARE = 0.9
"""A service or an edge is highlighted beyond any of these; slowdown is against the start of the window."""

_BOX_WIDTH, _BOX_HEIGHT, _COLUMN, _ROW = 140, 46, 190, 62


@dataclass(frozen=True, kw_only=True)
class _Reading:
    error_ratio: float
    slowdown: float
    cpu_share: float = 0.0

    @property
    def is_affected(self) -> bool:
        return (
            self.error_ratio > AFFECTED_ERROR_RATIO
            or self.slowdown > AFFECTED_SLOWDOWN
            or self.cpu_share > AFFECTED_CPU_SHARE
        )

    @property
    def fill(self) -> str:
        """White to red by errors, white to amber by slowness or load; the stronger one."""
        red = min(self.error_ratio / 0.3, 1.0)
        amber = min(max(0.0, self.slowdown - 1.0) / 4.0, 1.0)
        amber = max(amber, min(max(0.0, self.cpu_share - 0.5) / 0.5, 1.0))
        if red >= amber:
            return _mixed((255, 255, 255), (226, 92, 82), red)
        return _mixed((255, 255, 255), (244, 184, 84), amber)

    @property
    def notes(self) -> str:
        parts = []
        if self.cpu_share > 0:
            parts.append(f"CPU {self.cpu_share:.0%}")
        if self.error_ratio > 0.001:
            parts.append(f"errors {self.error_ratio:.0%}")
        if self.slowdown > 1.3:
            parts.append(f"{self.slowdown:.{0 if self.slowdown >= 10 else 1}f}x slower")
        return ", ".join(parts[-2:])


def draw_graph(application: Application, window: TelemetryWindow) -> str:
    """SVG of the graph, callers left of callees, coloured by the last minute of the window."""
    places = _places(application)
    nodes, edges = _node_readings(window), _edge_readings(window)
    columns = max(x for x, _ in places.values()) + 1
    rows = max(y for _, y in places.values()) + 1.0
    boxes = [
        {"name": name, "x": places[name][0] * _COLUMN + 4, "y": places[name][1] * _ROW + 4, "reading": reading}
        for name, reading in zip(application.service_names, nodes, strict=True)
    ]
    lines = [
        {
            "name": f"{edge.source} to {edge.target}:",
            "path": _curve(places[edge.source], places[edge.target]),
            "reading": reading,
        }
        for edge, reading in zip(application.edges, edges, strict=True)
    ]
    lines.sort(key=lambda line: line["reading"].is_affected)  # type: ignore[attr-defined]
    return (
        _environment()
        .get_template("service_graph.html")
        .render(
            boxes=boxes,
            edges=lines,
            width=(columns - 1) * _COLUMN + _BOX_WIDTH + 8,
            height=(rows - 1) * _ROW + _BOX_HEIGHT + 8,
            box_width=_BOX_WIDTH,
            box_height=_BOX_HEIGHT,
        )
    )


def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)


def affected(application: Application, window: TelemetryWindow) -> tuple[list[str], list[str]]:
    """(services, edges as `caller to callee`) that are beyond a threshold, in array order."""
    services = [
        name for name, r in zip(application.service_names, _node_readings(window), strict=True) if r.is_affected
    ]
    edges = [
        f"{edge.source} to {edge.target}"
        for edge, reading in zip(application.edges, _edge_readings(window), strict=True)
        if reading.is_affected
    ]
    return services, edges


def _node_readings(window: TelemetryWindow) -> list[_Reading]:
    usage, limit = (
        _recent(window, window.nodes, NODE_SIGNALS, f"cpu_{name}_millicores") for name in ("usage", "limit")
    )
    replicas = _recent(window, window.nodes, NODE_SIGNALS, "replicas_ready")
    cpu = np.nan_to_num(usage / np.maximum(limit * np.maximum(replicas, 1.0), 1e-9))
    errors, slowdown = _errors_and_slowdown(window, window.nodes, NODE_SIGNALS)
    return [
        _Reading(error_ratio=float(e), slowdown=float(s), cpu_share=float(c))
        for e, s, c in zip(errors, slowdown, cpu, strict=True)
    ]


def _edge_readings(window: TelemetryWindow) -> list[_Reading]:
    errors, slowdown = _errors_and_slowdown(window, window.edges, EDGE_SIGNALS)
    return [_Reading(error_ratio=float(e), slowdown=float(s)) for e, s in zip(errors, slowdown, strict=True)]


def _errors_and_slowdown(
    window: TelemetryWindow, values: NDArray[np.float32], signals: tuple[Signal, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    errors = np.nan_to_num(_recent(window, values, signals, "error_ratio"))
    latency = values[..., signal_index(signals, "latency_mean_milliseconds")].astype(np.float64)
    quarter = max(1, len(latency) // 4)
    usual = _mean(latency[:quarter])
    now = _mean(latency[-_last_minute(window) :])
    return errors, np.nan_to_num(now / np.maximum(usual, 0.5), nan=1.0)


def _recent(
    window: TelemetryWindow, values: NDArray[np.float32], signals: tuple[Signal, ...], name: str
) -> NDArray[np.float64]:
    column = signal_index(signals, name)
    return _mean(values[-_last_minute(window) :, :, column].astype(np.float64))


def _last_minute(window: TelemetryWindow) -> int:
    return max(1, round(60.0 / window.bucket_seconds))


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def _places(application: Application) -> dict[str, tuple[int, float]]:
    """Column by longest path from an entry, row by order; each column is centred."""
    depth = dict.fromkeys(application.service_names, 0)
    for _ in application.services:
        for edge in application.edges:
            depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
    columns = [[name for name in depth if depth[name] == level] for level in range(max(depth.values()) + 1)]
    tallest = max(len(column) for column in columns)
    return {
        name: (level, row + (tallest - len(column)) / 2)
        for level, column in enumerate(columns)
        for row, name in enumerate(column)
    }


def _curve(source: tuple[int, float], target: tuple[int, float]) -> str:
    x1, y1 = source[0] * _COLUMN + 4 + _BOX_WIDTH, source[1] * _ROW + 4 + _BOX_HEIGHT / 2
    x2, y2 = target[0] * _COLUMN + 4, target[1] * _ROW + 4 + _BOX_HEIGHT / 2
    middle = (x1 + x2) / 2
    return f"M{x1:.0f},{y1:.0f} C{middle:.0f},{y1:.0f} {middle:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"


def _mixed(start: tuple[int, int, int], end: tuple[int, int, int], share: float) -> str:
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in zip(start, end, strict=True))
