"""One tick of N stands: replicas -> arrivals -> flow (top-down) -> latency (bottom-up) -> sums."""

from clusters.simulated.arrivals import draw_arrivals
from clusters.simulated.flow import move
from clusters.simulated.graph import CompiledGraph
from clusters.simulated.latency import look_up
from clusters.simulated.metering import meter
from clusters.simulated.replicas import Capacity, advance_replicas, capacity
from clusters.simulated.state import StandState


def advance_tick(graph: CompiledGraph, state: StandState, before: Capacity | None) -> Capacity:
    """Advance every stand in `state` by one tick.

    Args:
        graph: the application.
        state: changed in place.
        before: the capacity that the last tick returned, or None if a command may have changed it since.

    Returns:
        The capacity now.
    """
    changed = advance_replicas(graph, state)
    now = capacity(graph, state) if changed or before is None else before
    arrivals = draw_arrivals(state)
    flow = move(graph, state, now, arrivals)
    operations, channels = look_up(graph, state, now, flow)
    meter(graph, state, now, arrivals, flow, operations, channels)
    state.tick += 1
    return now
