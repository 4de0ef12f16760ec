"""How much of its namespace's quota a simulated stand uses, and what it leaves room for."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.command_checks import quotas as arithmetic
from clusters.command_checks.quotas import bounds_refusal
from clusters.command_checks.refusal import Refusal
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.rules.rule import Column
from clusters.simulated.state import Floats, StandState

_COUNTED: Final = slice(1, None)
"""The load generator is the first service, because it calls all others."""


def replicas_refusal(column: Column, name: str, replicas: int) -> Refusal | None:
    """Why a service cannot have so many replicas; None if it can."""
    if refusal := bounds_refusal(column.graph.application.service(name), replicas):
        return refusal
    s, n, state = column.service(name), column.stand, column.state
    added = replicas - int(state.desired_replicas[s, n])
    return namespace_refusal(column, added * float(state.desired_limit[s, n]), added * float(state.memory_limit[s, n]))


def namespace_refusal(column: Column, added_millicores: float, added_bytes: float) -> Refusal | None:
    """Why the namespace cannot grow by so much; None if it can. Shrinking is always possible."""
    state, n = column.state, column.stand
    replicas = state.desired_replicas[_COUNTED, n]
    return arithmetic.namespace_refusal(
        column.graph.application,
        used_millicores=float((replicas * state.desired_limit[_COUNTED, n]).sum()),
        used_bytes=float((replicas * state.memory_limit[_COUNTED, n]).sum()),
        added_millicores=added_millicores,
        added_bytes=added_bytes,
    )


def replicas_that_fit(graph: CompiledGraph, state: StandState, service: int) -> NDArray[np.float64]:
    """[N] how many replicas more of one service the namespace's quota leaves room for; inf without a quota."""
    application = graph.application
    room = np.full(state.num_stands, np.inf)
    for quota, limit in (
        (application.cpu_quota_millicores, state.desired_limit),
        (application.memory_quota_bytes, state.memory_limit),
    ):
        if quota is None:
            continue
        used = _ordered_sum((state.desired_replicas * limit)[_COUNTED])
        room = np.minimum(room, np.floor(np.maximum(quota - used, 0.0) / limit[service]))
    return room


def _ordered_sum(rows: Floats) -> Floats:
    """Sum over the leading axis, row after row, whatever the batch's size (see the package's docstring)."""
    total: Floats = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total
