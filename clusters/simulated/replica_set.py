"""Replicas brought to the number wanted, as a ReplicaSet controller does it. Only the slots named are touched.

Legend: K replica slots, S services, N stands, P pairs of a service and a stand.
"""

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.deaths import Mortal, lose_shares, start_replicas
from clusters.simulated.state import StandState

Ints = NDArray[np.int64]


def reconcile(graph: CompiledGraph, state: StandState, services: Ints, stands: Ints) -> None:
    """Start or remove replicas of these pairs [P] until `desired_replicas` of them are present.

    Replicas that are not ready go first, then the youngest, like in Kubernetes.
    """
    present = state.present[:, services, stands]
    count = present.sum(axis=0)
    missing = state.desired_replicas[services, stands] - count
    if (missing > 0).any():
        # What leaked is a mean over the replicas, and the new ones have leaked nothing.
        state.leaked_bytes[services, stands] *= count / (count + np.maximum(missing, 0) + (count == 0))
        free = ~present
        slots, pairs = np.nonzero(free & (np.cumsum(free, axis=0) <= missing))
        start_at(graph, state, slots, services[pairs], stands[pairs])
    if (missing < 0).any():
        age_key = np.where(present, state.timer[:, services, stands], -1.0)
        slot_key = np.broadcast_to(np.arange(len(present))[:, None], present.shape)
        first_to_go = np.lexsort((-slot_key, -age_key), axis=0)
        rank = np.argsort(first_to_go, axis=0)
        slots, pairs = np.nonzero(present & (rank < -missing))
        remove_at(state, slots, services[pairs], stands[pairs])


def start_at(graph: CompiledGraph, state: StandState, slots: Ints, services: Ints, stands: Ints) -> None:
    """Put a fresh replica into each place [P]: not ready, then cold, free of stress, at the limit wanted now."""
    start_replicas(mortal(state), graph.startup_seconds, slots, services, stands)


def remove_at(state: StandState, slots: Ints, services: Ints, stands: Ints) -> None:
    """Take the replicas of these places [P] away. They drain: nothing is lost."""
    for values in (state.present, state.timer, state.stress, state.roll):
        values[slots, services, stands] = 0


def lose_requests(
    graph: CompiledGraph,
    state: StandState,
    services: Ints | int,
    stands: Ints | int,
    share: NDArray[np.float32] | float,
) -> None:
    """Requests in flight at these pairs [P], or one, die with their replicas: `share` of them.

    Messages do not: what a consumer has not finished is handed out again.
    """
    where, which = np.atleast_1d(services), np.atleast_1d(stands)
    shares = np.full(len(where), share, dtype=np.float32)
    lose_shares(mortal(state), graph.is_consumer, where, which, shares)


def mortal(state: StandState) -> Mortal:
    """What of the state begins and ends with replicas."""
    return Mortal(*(getattr(state, name) for name in Mortal._fields))
