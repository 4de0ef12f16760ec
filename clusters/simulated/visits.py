"""How often requests visit services, and what that makes of the noise of their times and numbers."""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph

Floats = NDArray[np.float32]

_AGAIN_ALIKE = np.float32(0.4)
"""Correlation of the times of two visits to a service within a request. Calibrated on the slow journey of the
reference: waits at a queue that is 80 % used are alike for about a second."""


def channel_spread(graph: CompiledGraph) -> Floats:
    """[H] by how much users' times vary more than sums of independent ones: services that they visit again.

    A service that a request found busy is still busy when it comes again.
    """
    spread = np.ones(graph.num_channels, dtype=np.float32)
    spread[graph.request_channel] += _AGAIN_ALIKE * _repeated_visits(graph)
    return spread


def _repeated_visits(graph: CompiledGraph) -> Floats:
    """[R] how much of a request's spread of times is at services that it visits again.

    sum over services of v (v - 1) c^2, over the sum of v c^2, for v mean visits and c the nominal CPU time of one.
    """
    visits = _request_visits(graph, graph.call_counts * graph.call_awaited[:, 0])
    square = ((graph.cpu_low + graph.cpu_high) / 2.0) ** 2
    ratios = np.zeros(len(graph.request_channel), dtype=np.float32)
    for r, row in enumerate(visits):
        again = alone = 0.0
        for operations in graph.operation_slices:
            number = float(row[operations].sum())
            if number:
                cost = float((row[operations] * square[operations]).sum()) / number
                again += max(number - 1.0, 0.0) * number * cost
                alone += number * cost
        ratios[r] = again / max(alone, 1e-9)
    return ratios


def dispersion(graph: CompiledGraph) -> Floats:
    """[S] variance over mean of how often the users' requests of a while visit a service, if they are Poisson.

    sum over request types of w v^2, over the sum of w v, for v mean visits and w the type's weight.
    """
    by_operation = _request_visits(graph, graph.call_counts)
    visits = np.stack([by_operation[:, operations].sum(axis=1) for operations in graph.operation_slices])
    weights = np.array([request.weight for request in graph.application.request_types])
    ratio: Floats = ((visits**2 @ weights) / np.maximum(visits @ weights, 1e-9)).astype(np.float32)
    return ratio


def _request_visits(graph: CompiledGraph, calls: Floats) -> NDArray[np.float64]:
    """[R, O] how often a request of each type executes each operation, at so many calls [C] per execution."""
    visits = np.eye(graph.num_operations)
    for o in reversed(range(graph.num_operations)):
        for c in np.flatnonzero(graph.call_owner == o):
            visits[o] += calls[c] * visits[graph.call_operation[c]]
    return visits[[graph.channels[h].operation for h in graph.request_channel]]
