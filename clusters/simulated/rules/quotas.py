"""What a namespace and a service may use at most.

As a ResourceQuota on `limits.cpu` and `limits.memory`
(https://kubernetes.io/docs/concepts/policy/resource-quotas/): the sum over all replicas wanted. The load generator
belongs to the scenario and does not count.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.rules.rule import Column, Refusal, over_quota
from clusters.simulated.state import StandState, ordered_sum

MAX_LIMIT_FACTOR: Final = 8.0
"""A limit may be at most this many times the application's own, as by a LimitRange."""

_COUNTED: Final = slice(1, None)
"""The load generator is the first service, because it calls all others."""
_MIB: Final = 2.0**20


def replicas_refusal(column: Column, name: str, replicas: int) -> Refusal | None:
    """Why a service cannot have so many replicas; None if it can."""
    most = column.graph.application.service(name).max_replicas
    if not 0 <= replicas <= most:
        return over_quota(f"{replicas} replicas of {name} are outside the quota; ask for 0 to {most}")
    s, n, state = column.service(name), column.stand, column.state
    added = replicas - int(state.desired_replicas[s, n])
    return namespace_refusal(column, added * float(state.desired_limit[s, n]), added * float(state.memory_limit[s, n]))


def namespace_refusal(column: Column, added_millicores: float, added_bytes: float) -> Refusal | None:
    """Why the namespace cannot grow by so much; None if it can. Shrinking is always possible."""
    application, state, n = column.graph.application, column.state, column.stand
    replicas = state.desired_replicas[_COUNTED, n]
    cpu, memory = application.cpu_quota_millicores, application.memory_quota_bytes
    if cpu is not None and added_millicores > 0:
        total = float((replicas * state.desired_limit[_COUNTED, n]).sum()) + added_millicores
        if total > cpu:
            return over_quota(f"CPU limits would sum to {total:g} of {cpu:g} millicores of quota; free some first")
    if memory is not None and added_bytes > 0:
        total = float((replicas * state.memory_limit[_COUNTED, n]).sum()) + added_bytes
        if total > memory:
            return over_quota(
                f"memory limits would sum to {total / _MIB:.0f} of {memory / _MIB:.0f} MiB of quota; free some first"
            )
    return None


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
        used = ordered_sum((state.desired_replicas * limit)[_COUNTED])
        room = np.minimum(room, np.floor(np.maximum(quota - used, 0.0) / limit[service]))
    return room
