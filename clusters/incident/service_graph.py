"""The service graph as a drawing: who fails, who is slow, who is loaded, and where the requests go.

A box's colour mixes from the page's own by custom properties, so a page may redefine `--box`, `--fail`, `--slow` and
`--wire` and need not know the rest.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from clusters.incident.graph_layout import place_services
from clusters.incident.readings import Readings
from clusters.topology import Application

_BOX_WIDTH, _BOX_HEIGHT, _COLUMN, _ROW, _MARGIN = 148, 56, 196, 70, 5
_THINNEST, _WIDEST = 1.0, 6.0


def draw_graph(application: Application, services: Readings, edges: Readings, busiest_rps: float | None = None) -> str:
    """SVG of the graph at one moment.

    Args:
        application: what is drawn.
        services: [S]
        edges: [E]
        busiest_rps: the rate that is drawn widest; None: the highest of these edges.
    """
    places = place_services(application)
    boxes = [
        {"name": name, "x": places[name][0] * _COLUMN + _MARGIN, "y": places[name][1] * _ROW + _MARGIN}
        | box_state(services, row)
        for row, name in enumerate(application.service_names)
    ]
    wires = [
        {"name": f"{edge.source} to {edge.target}", "path": _curve(places[edge.source], places[edge.target])}
        | wire_state(edges, row, busiest_rps=busiest_rps or float(edges.rate_rps.max(initial=0.0)))
        for row, edge in enumerate(application.edges)
    ]
    columns = max(column for column, _ in places.values())
    rows = max(row for _, row in places.values())
    drawing: str = template("service_graph.html").render(
        boxes=boxes,
        wires=wires,
        width=columns * _COLUMN + _BOX_WIDTH + 2 * _MARGIN,
        height=rows * _ROW + _BOX_HEIGHT + 2 * _MARGIN,
        box_width=_BOX_WIDTH,
        box_height=_BOX_HEIGHT,
    )
    return drawing


def box_state(services: Readings, *at: int) -> dict[str, Any]:
    """What changes about a service's box from moment to moment."""
    return {
        "fill": _fill(float(services.red[at]), float(services.amber[at]), "--box", "#fff"),
        "affected": bool(services.is_affected[at]),
        "load": services.load(*at),
        "trouble": services.trouble(*at),
    }


def wire_state(edges: Readings, *at: int, busiest_rps: float) -> dict[str, Any]:
    """What changes about an edge's line from moment to moment."""
    share = float(np.sqrt(edges.rate_rps[at] / busiest_rps)) if busiest_rps > 0 else 0.0
    return {
        "stroke": _fill(float(edges.red[at]), float(edges.amber[at]), "--wire", "#b6c0ca"),
        "width": round(_THINNEST + (_WIDEST - _THINNEST) * min(share, 1.0), 2),
        "affected": bool(edges.is_affected[at]),
        "text": ", ".join(filter(None, (edges.load(*at), edges.trouble(*at)))) or "no calls",
    }


def affected(application: Application, services: Readings, edges: Readings) -> tuple[list[str], list[str]]:
    """(services, edges as `caller to callee`) that are beyond a threshold, in array order; readings are [S] and [E]."""
    pairs = [f"{edge.source} to {edge.target}" for edge in application.edges]
    return (
        [name for name, is_bad in zip(application.service_names, services.is_affected, strict=True) if is_bad],
        [pair for pair, is_bad in zip(pairs, edges.is_affected, strict=True) if is_bad],
    )


def template(name: str) -> Any:
    """A template that stands beside this module."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(name)


def _fill(red: float, amber: float, base: str, base_colour: str) -> str:
    colour, share = ("--fail, #e25c52", red) if red >= amber else ("--slow, #f4b854", amber)
    return f"color-mix(in srgb, var({colour}) {share:.0%}, var({base}, {base_colour}))"


def _curve(source: tuple[int, float], target: tuple[int, float]) -> str:
    x1, y1 = source[0] * _COLUMN + _MARGIN + _BOX_WIDTH, source[1] * _ROW + _MARGIN + _BOX_HEIGHT / 2
    x2, y2 = target[0] * _COLUMN + _MARGIN, target[1] * _ROW + _MARGIN + _BOX_HEIGHT / 2
    middle = (x1 + x2) / 2
    return f"M{x1:.0f},{y1:.0f} C{middle:.0f},{y1:.0f} {middle:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
