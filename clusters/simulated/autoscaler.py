"""HorizontalPodAutoscalers on CPU, of all services of N stands at once.

The algorithm is "Algorithm details" of
https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/: desired = ceil(ready * ratio) with
ratio = use / (ready * target * request); nothing happens within the tolerance; on the way up replicas that are not
ready count as idle, and if that turns the direction nothing happens. Defaults of the controller manager and of
`behavior`: a period of 15 s (here the next whole number of ticks), a tolerance of 0.1, a scale-down stabilisation of
300 s, a scale-up by at most 4 pods or 100 % per period. Simplified: a scale-down waits until every recommendation of
the last 300 s was below the present count, and then follows the present recommendation rather than the highest of them.

Legend: S services, N stands.
"""

from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.events import find_scaled
from clusters.simulated.kernels.scaling import Scalers, recommend_replicas
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.replica_set import reconcile
from clusters.simulated.rules.quotas import replicas_that_fit
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEventReason, PodEventSink

PERIOD_TICKS: Final = ceil(15.0 / TICK_SECONDS)
PERIOD_SECONDS: Final = PERIOD_TICKS * TICK_SECONDS
"""The controller manager's 15 s, as whole ticks."""

Floats = NDArray[np.float32]


def advance_autoscalers(graph: CompiledGraph, state: StandState, ready: Floats, events: PodEventSink) -> bool:
    """Let the autoscalers whose period is over set the number of replicas.

    Args:
        graph: the application.
        state: changed in place.
        ready: [S, N] replicas that take requests.
        events: told of every replica that comes or goes.

    Returns:
        Whether any replica was added or removed.
    """
    pairs = np.empty((2, state.backlog.size), dtype=np.int64)
    # With no replicas, an autoscaler is paused.
    count = find_scaled(state.tick, PERIOD_TICKS, state.scaler_target, state.desired_replicas, pairs)
    if not count:
        return False
    wanted = np.empty(count)
    scalers = Scalers(*(getattr(state, name) for name in Scalers._fields))
    count = recommend_replicas(scalers, ready, state.tick, pairs, count, wanted)
    if not count:
        return False
    before = state.desired_replicas.copy()
    _set(graph, state, pairs[0, :count].copy(), pairs[1, :count].copy(), wanted[:count])
    added = state.desired_replicas - before
    events.note(PodEventReason.SCALING_REPLICA_SET, state.tick, added)
    events.note(PodEventReason.STARTED, state.tick, np.maximum(added, 0))
    events.note(PodEventReason.KILLING, state.tick, np.maximum(-added, 0))
    return bool(added.any())


def _set(
    graph: CompiledGraph,
    state: StandState,
    services: NDArray[np.int64],
    stands: NDArray[np.int64],
    wanted: NDArray[np.float64],
) -> None:
    """Service after service, because each takes room of the namespace's quota from the next."""
    for s in np.unique(services):
        of_service = services == s
        columns = stands[of_service]
        current = state.desired_replicas[s, columns]
        room = replicas_that_fit(graph, state, int(s))[columns]
        state.desired_replicas[s, columns] = np.minimum(wanted[of_service], current + room)
    reconcile(graph, state, services, stands)
