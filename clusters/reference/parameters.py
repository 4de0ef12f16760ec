"""The numbers that a reference run plays: those of one stand of the simulator, so that both play the same."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.parameters import NETWORK_SECONDS
from clusters.simulated.replicas import capacity
from clusters.simulated.state import StandState

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """One stand's parameters at one time; services, operations and channels in the compiled graph's order."""

    demand_ms: Floats
    """[O] mean CPU time of an execution."""
    own_error_ratio: Floats
    """[O]"""
    added_seconds: Floats
    """[O] waiting that uses no CPU."""
    call_count: Floats
    """[C]"""
    retries: Floats
    """[H] attempts beyond the first; a fraction is a chance."""
    delay_seconds: Floats
    """[H] of the network and the edge, both ways together."""
    loss: Floats
    """[H] chance that an attempt is lost."""
    cpu_servers: Floats
    """[S] requests that can compute at full speed at the same time; 0: none is ready."""
    speed: Floats
    """[S] CPU seconds per second of each of them."""
    workers: Floats
    """[S] of all ready replicas."""
    queue_bound: Floats
    """[S] requests that may wait for a worker."""
    is_open: NDArray[np.bool_]
    """[S] False: every call is refused at once."""
    max_rate_rps: Floats
    """[S] what the service accepts; inf: no limit of its own."""
    multiplier: float
    """Of the offered load."""
    rate_limit_rps: float
    """At the entry; inf: none."""
    think_seconds: float
    """Of a closed loop's users; NaN: an open loop."""
    shape: Floats
    """[R] share of the planned requests that users send."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Parameters that come into force while a run is under way: a fault, its end, an action."""

    at_seconds: float
    parameters: Parameters
    lost_share: Floats | None = None
    """[S] chance of each request in a service to die at that moment, with its replica; None: none dies."""


def read_parameters(graph: CompiledGraph, state: StandState, stand: int = 0) -> Parameters:
    """What one stand of the simulator plays now, whatever flags, faults and actions made of it."""
    now = capacity(graph, state)
    is_ready = now.ready[:, stand] > 0
    edges = graph.channel_edge
    own_retries = np.array([channel.max_retries for channel in graph.channels], dtype=np.float64)
    rates = [service.max_rate_rps for service in graph.services]
    limit = float(state.rate_limit_rps[stand])
    return Parameters(
        demand_ms=_column(state.demand_ms, stand),
        own_error_ratio=_column(state.own_error_ratio, stand),
        added_seconds=_column(state.added_seconds, stand),
        call_count=_column(state.call_count, stand),
        retries=own_retries + _column(state.added_retries, stand),
        delay_seconds=NETWORK_SECONDS + _column(state.edge_delay_seconds, stand)[edges],
        loss=_column(state.edge_loss, stand)[edges],
        cpu_servers=np.where(is_ready, _column(now.cpu_servers, stand), 0.0),
        speed=_column(now.speed, stand),
        workers=np.where(is_ready, _column(now.workers, stand), 0.0),
        queue_bound=_column(now.queue_bound, stand),
        is_open=is_ready & ~state.port_broken[:, stand] & ~state.service_down[:, stand],
        max_rate_rps=np.array([np.inf if rate is None else rate for rate in rates]),
        multiplier=float(state.multiplier[stand]),
        rate_limit_rps=np.inf if np.isnan(limit) else limit,
        think_seconds=float(state.think_seconds[stand]),
        shape=_column(state.shape, stand),
    )


def _column(values: NDArray[np.floating], stand: int) -> Floats:
    return values[:, stand].astype(np.float64)
