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
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.events import find_scaled
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.replica_set import reconcile
from clusters.simulated.rules.quotas import replicas_that_fit
from clusters.simulated.state import StandState
from clusters.simulated.streams.pod_events import PodEventReason, PodEventSink

PERIOD_TICKS: Final = ceil(15.0 / TICK_SECONDS)
PERIOD_SECONDS: Final = PERIOD_TICKS * TICK_SECONDS
"""The controller manager's 15 s, as whole ticks."""
TOLERANCE: Final = 0.1
SCALE_DOWN_SECONDS: Final = 300.0
MAX_PODS_PER_PERIOD: Final = 4.0
MAX_GROWTH_PER_PERIOD: Final = 2.0

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]


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
    services, stands = pairs[:, :count]
    current = state.desired_replicas[services, stands].astype(np.float64)
    wanted = _recommend(state, ready[services, stands], current, services, stands)
    wanted = _stabilise(state, wanted, current, services, stands)
    wanted = np.minimum(wanted, np.maximum(current * MAX_GROWTH_PER_PERIOD, current + MAX_PODS_PER_PERIOD))
    wanted = np.clip(wanted, state.scaler_min[services, stands], state.scaler_max[services, stands])
    changed = wanted != current
    if not changed.any():
        return False
    before = state.desired_replicas.copy()
    _set(graph, state, services[changed], stands[changed], wanted[changed])
    added = state.desired_replicas - before
    events.note(PodEventReason.SCALING_REPLICA_SET, state.tick, added)
    events.note(PodEventReason.STARTED, state.tick, np.maximum(added, 0))
    events.note(PodEventReason.KILLING, state.tick, np.maximum(-added, 0))
    return bool(added.any())


def _recommend(
    state: StandState, ready: Floats, current: Floats, services: NDArray[np.int64], stands: NDArray[np.int64]
) -> Floats:
    """[P] the formula, for pairs of a service and a stand."""
    target = state.scaler_target[services, stands] * state.cpu_request[services, stands]
    replicas_of_use = state.scaler_usage[services, stands] / target
    ratio = replicas_of_use / np.maximum(ready, 1.0)
    damped = np.where((ratio > 1.0) & (ready < current), replicas_of_use / current, ratio)
    turned = (ratio > 1.0) & (damped < 1.0)
    stays = turned | (np.abs(damped - 1.0) <= TOLERANCE) | (ready <= 0.0)
    # The division may leave a whole number a last bit too high.
    return np.where(stays, current, np.ceil(replicas_of_use - 1e-6))


def _stabilise(
    state: StandState, wanted: Floats, current: Floats, services: NDArray[np.int64], stands: NDArray[np.int64]
) -> Floats:
    """[P] with scale-downs held back; a recommendation that is not lower begins the wait anew."""
    now = state.tick[stands]
    lower = wanted < current
    hold = np.where(lower, state.scaler_hold[services, stands], now + SCALE_DOWN_SECONDS / TICK_SECONDS)
    state.scaler_hold[services, stands] = hold
    return np.where(lower & (now < hold), current, wanted)


def _set(
    graph: CompiledGraph,
    state: StandState,
    services: NDArray[np.int64],
    stands: NDArray[np.int64],
    wanted: Floats,
) -> None:
    """Service after service, because each takes room of the namespace's quota from the next."""
    for s in np.unique(services):
        of_service = services == s
        columns = stands[of_service]
        current = state.desired_replicas[s, columns]
        room = replicas_that_fit(graph, state, int(s))[columns]
        state.desired_replicas[s, columns] = np.minimum(wanted[of_service], current + room)
    reconcile(graph, state, services, stands)
