"""What a namespace and a service may use at most.

As a ResourceQuota on `limits.cpu` and `limits.memory`
(https://kubernetes.io/docs/concepts/policy/resource-quotas/): the sum over all replicas wanted. The load generator
belongs to the scenario and does not count.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.rules import Column, Refusal, over_quota
from clusters.simulated.state import StandState
from clusters.topology import LOAD_GENERATOR

MAX_LIMIT_FACTOR: Final = 8.0
"""A limit may be at most this many times the application's own, as by a LimitRange."""

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
    counted = _counted(column.graph)
    replicas = state.desired_replicas[:, n] * counted
    cpu, memory = application.cpu_quota_millicores, application.memory_quota_bytes
    if cpu is not None and added_millicores > 0:
        total = float((replicas * state.desired_limit[:, n]).sum()) + added_millicores
        if total > cpu:
            return over_quota(f"CPU limits would sum to {total:g} of {cpu:g} millicores of quota; free some first")
    if memory is not None and added_bytes > 0:
        total = float((replicas * state.memory_limit[:, n]).sum()) + added_bytes
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
        used = np.zeros(state.num_stands)
        for s in np.flatnonzero(_counted(graph)):
            used += state.desired_replicas[s] * limit[s]
        room = np.minimum(room, np.floor(np.maximum(quota - used, 0.0) / limit[service]))
    return room


def _counted(graph: CompiledGraph) -> NDArray[np.bool_]:
    """[S] whether a service's replicas count."""
    counted = np.ones(graph.num_services, dtype=np.bool_)
    counted[graph.service_index[LOAD_GENERATOR]] = False
    return counted
