"""The state of stands that nothing has happened to."""

import numpy as np

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.state import Bools, Floats, StandState
from clusters.simulated.telemetry.sums import ChannelSum, OperationSum, RequestSum, ServiceSum


def empty_state(graph: CompiledGraph, num_stands: int) -> StandState:
    """Stands at the application's baseline: all replicas ready and warm, queues empty, no load, no fault."""
    state = StandState.zeros(_sizes(graph), num_stands)
    for name, value in _baseline(graph).items():
        getattr(state, name)[...] = value
    return state


def _sizes(graph: CompiledGraph) -> dict[str, int]:
    application = graph.application
    return {
        "S": graph.num_services,
        "K": graph.num_slots,
        "O": graph.num_operations,
        "C": graph.num_calls,
        "H": graph.num_channels,
        "E": len(application.edges),
        "R": len(application.request_types),
        "G": len(application.flags),
        "P": len(application.optional_groups),
        "o": len(OperationSum),
        "s": len(ServiceSum),
        "h": len(ChannelSum),
        "r": len(RequestSum),
    }


def _baseline(graph: CompiledGraph) -> dict[str, float | Floats | Bools]:
    """What is not zero in a stand that nothing has happened to."""
    return {
        "rate_step_seconds": 1.0,
        "rate_count": 1,
        "multiplier": 1.0,
        "rate_limit_rps": np.nan,
        "think_seconds": np.nan,
        "shape": 1.0,
        "base_demand_ms": 1.0,
        "demand_ms": 1.0,
        "call_count": graph.call_counts[:, None],
        "call_rate": graph.call_counts[:, None],
        "sent_rate": graph.call_counts[:, None],
        "held_stuck": 1.0,
        "group_enabled": True,
        "version": -1,
        "canary": -1,
        "effects_due": np.inf,
        "present": np.arange(graph.num_slots)[:, None, None] < graph.replicas[None],
        "slot_limit": graph.cpu_limit_millicores,
        "desired_replicas": graph.replicas,
        "desired_limit": graph.cpu_limit_millicores,
        "cpu_request": graph.cpu_request_millicores,
        "memory_limit": graph.memory_limit_bytes,
        "memory_request": graph.memory_request_bytes,
        "scaler_target": np.nan,
        "scaler_min": 1.0,
        "scaler_max": 1.0,
        "kill_period": np.inf,
        "kill_next": np.inf,
        "latency_scv": 1.0,
        "room": np.inf,
        "memory_per_replica": graph.memory_base_bytes,
    }
