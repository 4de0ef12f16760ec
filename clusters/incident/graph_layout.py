"""Where services stand in a drawing of the graph: callers left of callees, calls crossing as little as is cheap."""

from collections.abc import Mapping

from clusters.topology import Application

_SWEEPS = 8


def place_services(application: Application) -> dict[str, tuple[int, float]]:
    """Service -> (column, row): the column by the longest path from an entry; each column is centred."""
    columns = _columns(application)
    neighbours: dict[str, list[str]] = {name: [] for name in application.service_names}
    for edge in application.edges:
        neighbours[edge.source].append(edge.target)
        neighbours[edge.target].append(edge.source)
    rows = _rows(columns)
    for _ in range(_SWEEPS):
        columns = [sorted(column, key=lambda name: _wanted_row(name, neighbours, rows)) for column in columns]
        rows = _rows(columns)
    return {name: (level, rows[name]) for level, column in enumerate(columns) for name in column}


def _columns(application: Application) -> list[list[str]]:
    depth = dict.fromkeys(application.service_names, 0)
    for _ in application.services:
        for edge in application.edges:
            depth[edge.target] = max(depth[edge.target], depth[edge.source] + 1)
    return [[name for name in depth if depth[name] == level] for level in range(max(depth.values()) + 1)]


def _rows(columns: list[list[str]]) -> dict[str, float]:
    tallest = max(len(column) for column in columns)
    return {name: row + (tallest - len(column)) / 2 for column in columns for row, name in enumerate(column)}


def _wanted_row(name: str, neighbours: Mapping[str, list[str]], rows: Mapping[str, float]) -> float:
    """The mean row of whom it talks with (the barycentre heuristic of Sugiyama et al., 1981)."""
    near = neighbours[name]
    return sum(rows[other] for other in near) / len(near) if near else rows[name]
