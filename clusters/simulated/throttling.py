"""Calls that come later in a request wait for those before them: an overload starves what is called after it.

What a saturated service lets pass is all that its callers go on with.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import DRAINING_LEVEL, TICK_SECONDS
from clusters.simulated.state import StandState

Floats = NDArray[np.float32]

_TINY = np.float32(1e-6)
_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_LEAST_LOG, _MOST_LOG = np.float32(-3.0), np.float32(1.0)
"""A backlog passes on at least 5 % and at most 2.7 times of what comes in."""


def call_rates(graph: CompiledGraph, state: StandState, admitted: Floats, served: Floats) -> Floats:
    """[C, N] attempts that an execution makes of each call, with what keeps it from them.

    Args:
        graph: the application.
        state: its `call_rate` is what would be sent if nothing were stuck.
        admitted: [S, N] requests per second that are let in.
        served: [S, N] requests per second that get their CPU time.
    """
    log_passing = np.log((served + _TINY) / (admitted + _TINY))
    np.clip(log_passing, _LEAST_LOG, _MOST_LOG, out=log_passing)
    through = log_passing.take(graph.operation_service, axis=0)
    weights = state.call_count * graph.call_awaited
    stuck = np.empty_like(weights)
    for level in reversed(graph.levels_down):
        calls = level.calls
        if calls.stop > calls.start:
            stuck[calls] = through.take(graph.call_operation[calls], axis=0)
            stuck[calls] *= weights[calls]
            through[level.operations] += level.by_operation.sum(stuck[calls])
            np.clip(through[level.operations], _LEAST_LOG, _MOST_LOG, out=through[level.operations])
    # Of calls that are made several times the later ones wait for the earlier ones too.
    repeated = np.maximum(_HALF - _HALF / np.maximum(state.call_count, _ONE), _ZERO)
    before = repeated * stuck
    reached = np.zeros_like(stuck)
    for rows, previous in graph.call_steps:
        reached[rows] = reached[previous] + stuck[previous]
    before += reached
    np.minimum(before, _MOST_LOG, out=before)
    rates: Floats = np.exp(before, out=before)
    rates *= state.call_rate
    return rates


def served_rate(backlog: Floats, admitted: Floats, can: Floats) -> Floats:
    """[S, N] requests per second that get their CPU time: those that come, and what is beyond a stationary backlog."""
    slack = can - admitted
    np.maximum(slack, _TINY, out=slack)
    usual = admitted + can
    usual *= np.float32(0.5 * DRAINING_LEVEL)
    usual /= slack
    draining = backlog - usual
    np.maximum(draining, _ZERO, out=draining)
    draining *= np.float32(1.0 / TICK_SECONDS)
    draining += admitted
    return np.minimum(draining, can, out=draining)
