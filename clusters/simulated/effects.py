"""What configuration flags do: columns of parameters, recomputed whenever a flag of that stand changes."""

import numpy as np

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.state import StandState


def apply_flags(graph: CompiledGraph, state: StandState, stand: int) -> None:
    """Recompute one stand's costs, error ratios, latencies and call counts from its flags."""
    cpu_factor = np.ones(graph.num_services)
    success = np.ones(graph.num_services)
    added = np.zeros(graph.num_services)
    calls = graph.call_counts.copy()
    callee = np.array([graph.channels[h].service for h in graph.call_channel])
    for flag, is_bad in zip(graph.application.flags, state.flag_is_bad[:, stand], strict=True):
        for effect in flag.effects if is_bad else ():
            s = graph.service_index[effect.service]
            cpu_factor[s] *= effect.cpu_factor
            success[s] *= 1.0 - effect.error_ratio
            added[s] += effect.added_latency_milliseconds / 1000.0
            if effect.call_target:
                there = (graph.call_source == s) & (callee == graph.service_index[effect.call_target])
                calls[there] *= effect.call_factor
    state.demand_ms[:, stand] = state.base_demand_ms[:, stand] * cpu_factor[graph.operation_service]
    state.own_error_ratio[:, stand] = (1.0 - success)[graph.operation_service]
    state.added_seconds[:, stand] = added[graph.operation_service]
    state.call_count[:, stand] = calls
