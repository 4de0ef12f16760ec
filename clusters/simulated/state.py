"""Everything that changes in N stands, as arrays with the stand axis last."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.randomness import Words
from clusters.simulated.sums import ChannelSum, OperationSum, RequestSum, ServiceSum, StandSum

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(kw_only=True)
class StandState:
    """The state of N stands; legend in the package's docstring."""

    # Time, randomness and load.
    tick: Ints
    """[N] ticks since the reset."""
    seed: Words
    """[N] of the noise to come."""
    rates_rps: Floats
    """[L, N] the workload trace; L is the longest trace of the batch."""
    rate_step_seconds: Floats
    """[N]"""
    rate_count: Ints
    """[N] length of each trace."""
    mix: Floats
    """[R, N]"""
    multiplier: Floats
    """[N]"""
    rate_limit_rps: Floats
    """[N] NaN: none."""
    think_seconds: Floats
    """[N] of a closed loop's users; NaN: an open loop."""
    shape: Floats
    """[R, N] share of the planned requests that users were asked to send."""

    # Parameters, and what flags make of them.
    base_demand_ms: Floats
    """[O, N] CPU time as drawn at the reset."""
    demand_ms: Floats
    """[O, N] CPU time now."""
    call_count: Floats
    """[C, N] now; 0 to a service that is switched off."""
    own_error_ratio: Floats
    """[O, N] now."""
    added_seconds: Floats
    """[O, N] waiting that uses no CPU, now."""
    added_retries: Floats
    """[H, N] attempts beyond the channel's own, now."""
    leak_bytes_per_request: Floats
    """[S, N] now."""
    base_added_seconds: Floats
    """[O, N] waiting that uses no CPU, as drawn at the reset."""
    flag_is_bad: Bools
    """[G, N]"""
    group_enabled: Bools
    """[P, N]"""
    version: Ints
    """[S, N] index of the release that is the service's version; -1: as the YAML describes it."""
    version_since: Floats
    """[S, N] tick at which it went out."""
    canary: Ints
    """[S, N] index of the release that gets `canary_share` of the requests; -1: none."""
    canary_share: Floats
    """[S, N] 0 to 1."""
    canary_since: Floats
    """[S, N] tick at which the canary started."""
    effects_due: Floats
    """[N] tick at which an effect settles, so that effects are to be applied anew; inf: none."""

    # Replicas.
    present: Bools
    """[K, S, N] a replica exists in this slot."""
    timer: Floats
    """[K, S, N] seconds until warm; above COLD_SECONDS: not ready yet."""
    stress: Floats
    """[K, S, N] share of the limit that a stressor takes."""
    slot_limit: Floats
    """[K, S, N] CPU limit of the replica, millicores."""
    roll: Bools
    """[K, S, N] to be replaced by the roll-out under way."""
    desired_replicas: Ints
    """[S, N]"""
    desired_limit: Floats
    """[S, N] millicores"""
    cpu_request: Floats
    """[S, N] millicores per replica: what is reserved and paid for."""
    memory_limit: Floats
    """[S, N] bytes per replica"""
    memory_request: Floats
    """[S, N] bytes per replica"""

    # Autoscalers.
    scaler_target: Floats
    """[S, N] CPU used over CPU requested; NaN: no autoscaler."""
    scaler_min: Floats
    """[S, N] replicas"""
    scaler_max: Floats
    """[S, N] replicas"""
    scaler_usage: Floats
    """[S, N] smoothed CPU use in millicores, which it decides by."""
    scaler_hold: Floats
    """[S, N] tick before which it will not scale down."""

    # Faults.
    edge_delay_seconds: Floats
    """[E, N]"""
    edge_loss: Floats
    """[E, N] chance that a call is lost; 1: a partition."""
    service_down: Bools
    """[S, N] an outage: no replica is ready while it lasts."""
    port_broken: Bools
    """[S, N] every call is refused at once."""
    slow_seconds: Floats
    """[S, N] added by a fault."""
    memory_stress: Floats
    """[S, N] share of the memory limit that a stressor holds."""
    leak_bytes_per_second: Floats
    """[S, N] per replica, by a fault."""
    leaked_bytes: Floats
    """[S, N] per replica: by a fault and by requests, since the replicas started."""
    kill_period: Floats
    """[S, N] seconds; inf: none."""
    kill_next: Floats
    """[S, N] tick of the next kill."""

    # Queues and what flows back up the graph.
    backlog: Floats
    """[O, N] requests that wait beyond stationary queueing."""
    hold_seconds: Floats
    """[O, N] a worker's time per execution, smoothed."""
    call_rate: Floats
    """[C, N] attempts per execution of the caller, smoothed: reach x count x attempts."""
    arrival_ema: Floats
    """[S, N] requests/s"""
    work_ema: Floats
    """[S, N] CPU ms/s asked for"""
    worker_ema: Floats
    """[S, N] worker seconds/s asked for"""
    served_ema: Floats
    """[S, N]"""
    accepted_ema: Floats
    """[S, N]"""
    memory_per_replica: Floats
    """[S, N] bytes"""
    lost: Floats
    """[S, N] requests in flight that died with their replica in this tick."""

    # Sums over the current bucket.
    operation_sums: Floats
    """[OperationSum, O, N]; so on below."""
    service_sums: Floats
    """[ServiceSum, S, N]"""
    channel_sums: Floats
    """[ChannelSum, H, N]"""
    request_sums: Floats
    """[RequestSum, R, N]"""
    stand_sums: Floats
    """[StandSum, N]"""

    @property
    def num_stands(self) -> int:
        """N."""
        return len(self.tick)

    def take(self, stands: NDArray[np.int64]) -> "StandState":
        """A copy of some stands' columns, in the order given; a stand may be taken several times."""
        # Ellipsis indexing would put a copied axis in Fortran order; take keeps C order, and so the last bits.
        return StandState(**{f.name: np.take(getattr(self, f.name), stands, axis=-1) for f in fields(self)})

    def put(self, stands: NDArray[np.int64], columns: "StandState") -> None:
        """Write columns back into the places of `stands`."""
        self._widen(len(columns.rates_rps))
        columns._widen(len(self.rates_rps))
        for f in fields(self):
            getattr(self, f.name)[..., stands] = getattr(columns, f.name)

    def _widen(self, length: int) -> None:
        missing = length - len(self.rates_rps)
        if missing > 0:
            padding = np.zeros((missing, self.num_stands))
            self.rates_rps = np.concatenate([self.rates_rps, padding])


def empty_state(graph: CompiledGraph, num_stands: int) -> StandState:
    """Stands at the application's baseline: all replicas ready and warm, queues empty, no load, no fault."""
    n = num_stands
    shape_s, shape_k = (graph.num_services, n), (graph.num_slots, graph.num_services, n)
    replicas = np.broadcast_to(graph.replicas.astype(np.int64), shape_s).copy()
    limit = np.broadcast_to(graph.cpu_limit_millicores, shape_s).copy()
    num_requests = len(graph.application.request_types)
    return StandState(
        tick=np.zeros(n, dtype=np.int64),
        seed=np.zeros(n, dtype=np.uint64),
        rates_rps=np.zeros((1, n)),
        rate_step_seconds=np.ones(n),
        rate_count=np.ones(n, dtype=np.int64),
        mix=np.zeros((num_requests, n)),
        multiplier=np.ones(n),
        rate_limit_rps=np.full(n, np.nan),
        think_seconds=np.full(n, np.nan),
        shape=np.ones((num_requests, n)),
        base_demand_ms=np.ones((graph.num_operations, n)),
        demand_ms=np.ones((graph.num_operations, n)),
        call_count=np.broadcast_to(graph.call_counts[:, None], (graph.num_calls, n)).copy(),
        own_error_ratio=np.zeros((graph.num_operations, n)),
        added_seconds=np.zeros((graph.num_operations, n)),
        added_retries=np.zeros((graph.num_channels, n)),
        leak_bytes_per_request=np.zeros(shape_s),
        base_added_seconds=np.zeros((graph.num_operations, n)),
        flag_is_bad=np.zeros((len(graph.application.flags), n), dtype=np.bool_),
        group_enabled=np.ones((len(graph.application.optional_groups), n), dtype=np.bool_),
        version=np.full(shape_s, -1),
        version_since=np.zeros(shape_s),
        canary=np.full(shape_s, -1),
        canary_share=np.zeros(shape_s),
        canary_since=np.zeros(shape_s),
        effects_due=np.full(n, np.inf),
        present=np.arange(graph.num_slots)[:, None, None] < replicas[None],
        timer=np.zeros(shape_k),
        stress=np.zeros(shape_k),
        slot_limit=np.broadcast_to(limit, shape_k).copy(),
        roll=np.zeros(shape_k, dtype=np.bool_),
        desired_replicas=replicas,
        desired_limit=limit,
        cpu_request=np.broadcast_to(graph.cpu_request_millicores, shape_s).copy(),
        memory_limit=np.broadcast_to(graph.memory_limit_bytes, shape_s).copy(),
        memory_request=np.broadcast_to(graph.memory_request_bytes, shape_s).copy(),
        scaler_target=np.full(shape_s, np.nan),
        scaler_min=np.ones(shape_s),
        scaler_max=np.ones(shape_s),
        scaler_usage=np.zeros(shape_s),
        scaler_hold=np.zeros(shape_s),
        edge_delay_seconds=np.zeros((len(graph.application.edges), n)),
        edge_loss=np.zeros((len(graph.application.edges), n)),
        service_down=np.zeros(shape_s, dtype=np.bool_),
        port_broken=np.zeros(shape_s, dtype=np.bool_),
        slow_seconds=np.zeros(shape_s),
        memory_stress=np.zeros(shape_s),
        leak_bytes_per_second=np.zeros(shape_s),
        leaked_bytes=np.zeros(shape_s),
        kill_period=np.full(shape_s, np.inf),
        kill_next=np.full(shape_s, np.inf),
        backlog=np.zeros((graph.num_operations, n)),
        hold_seconds=np.zeros((graph.num_operations, n)),
        call_rate=np.broadcast_to(graph.call_counts[:, None], (graph.num_calls, n)).copy(),
        arrival_ema=np.zeros(shape_s),
        work_ema=np.zeros(shape_s),
        worker_ema=np.zeros(shape_s),
        served_ema=np.zeros(shape_s),
        accepted_ema=np.zeros(shape_s),
        memory_per_replica=np.broadcast_to(graph.memory_base_bytes, shape_s).copy(),
        lost=np.zeros(shape_s),
        operation_sums=np.zeros((len(OperationSum), graph.num_operations, n)),
        service_sums=np.zeros((len(ServiceSum), *shape_s)),
        channel_sums=np.zeros((len(ChannelSum), graph.num_channels, n)),
        request_sums=np.zeros((len(RequestSum), num_requests, n)),
        stand_sums=np.zeros((len(StandSum), n)),
    )


def ordered_sum(rows: Floats | Sequence[Floats]) -> Floats:
    """Sum over the leading axis, row after row, whatever the batch's size (see the package's docstring)."""
    total = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total
