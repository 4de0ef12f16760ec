"""Everything that changes in N stands, as arrays with the stand axis last.

The arrays are views of four backing arrays, one per type, so that a copy of some stands is four gathers.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clusters.simulated.columns import copy_columns
from clusters.simulated.randomness import Words

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_DTYPES: dict[str, DTypeLike] = {"f": np.float32, "i": np.int64, "b": np.bool_, "u": np.uint64}
_LAYOUT: dict[str, tuple[str, str]] = {
    "tick": ("i", ""),
    "seed": ("u", ""),
    "rate_step_seconds": ("f", ""),
    "rate_count": ("i", ""),
    "mix": ("f", "R"),
    "multiplier": ("f", ""),
    "rate_limit_rps": ("f", ""),
    "think_seconds": ("f", ""),
    "shape": ("f", "R"),
    "base_demand_ms": ("f", "O"),
    "demand_ms": ("f", "O"),
    "call_count": ("f", "C"),
    "own_error_ratio": ("f", "O"),
    "added_seconds": ("f", "O"),
    "added_retries": ("f", "H"),
    "leak_bytes_per_request": ("f", "S"),
    "base_added_seconds": ("f", "O"),
    "flag_is_bad": ("b", "G"),
    "group_enabled": ("b", "P"),
    "version": ("i", "S"),
    "version_since": ("f", "S"),
    "canary": ("i", "S"),
    "canary_share": ("f", "S"),
    "canary_since": ("f", "S"),
    "effects_due": ("f", ""),
    "present": ("b", "KS"),
    "timer": ("f", "KS"),
    "stress": ("f", "KS"),
    "slot_limit": ("f", "KS"),
    "roll": ("b", "KS"),
    "desired_replicas": ("i", "S"),
    "desired_limit": ("f", "S"),
    "cpu_request": ("f", "S"),
    "memory_limit": ("f", "S"),
    "memory_request": ("f", "S"),
    "scaler_target": ("f", "S"),
    "scaler_min": ("f", "S"),
    "scaler_max": ("f", "S"),
    "scaler_usage": ("f", "S"),
    "scaler_hold": ("f", "S"),
    "edge_delay_seconds": ("f", "E"),
    "edge_loss": ("f", "E"),
    "service_down": ("b", "S"),
    "port_broken": ("b", "S"),
    "slow_seconds": ("f", "S"),
    "memory_stress": ("f", "S"),
    "leak_bytes_per_second": ("f", "S"),
    "leaked_bytes": ("f", "S"),
    "kill_period": ("f", "S"),
    "kill_next": ("f", "S"),
    "backlog": ("f", "S"),
    "held": ("f", "S"),
    "held_seconds": ("f", "S"),
    "held_slope": ("f", "S"),
    "held_rate": ("f", "S"),
    "held_stuck": ("f", "S"),
    "call_seconds": ("f", "O"),
    "steady_seconds": ("f", "O"),
    "steady_slope": ("f", "O"),
    "steady_stuck": ("f", "O"),
    "room": ("f", "S"),
    "call_rate": ("f", "C"),
    "sent_rate": ("f", "C"),
    "latency_scv": ("f", "O"),
    "entry_seconds": ("f", ""),
    "work_per_request": ("f", "S"),
    "memory_per_replica": ("f", "S"),
    "lost": ("f", "S"),
    "operation_sums": ("f", "oO"),
    "service_sums": ("f", "sS"),
    "channel_sums": ("f", "hH"),
    "request_sums": ("f", "rR"),
}
"""Type and axes (letters of the package's legend, the stand axis left out) of every array."""


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
    """[S, N] smoothed CPU use of all replicas in millicores, which it decides by."""
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
    """[S, N] level of the reflected Brownian motion that stands for the requests at the bottleneck of a service."""
    held: Floats
    """[S, N] requests that wait for an answer from downstream, and hold a worker."""
    held_seconds: Floats
    """[S, N] how long they do in steady state, at the rates of the last tick."""
    held_slope: Floats
    """[S, N] how much longer they would, per request per second that the service makes more of."""
    held_rate: Floats
    """[S, N] requests per second that were served in the last tick."""
    held_stuck: Floats
    """[S, N] how often a request meets what would make it longer; 1 where nothing would."""
    call_seconds: Floats
    """[O, N] time of an execution after its CPU time: waiting without CPU, and calls."""
    steady_seconds: Floats
    """[O, N] the same in steady state: without the queues' present courses."""
    steady_slope: Floats
    """[O, N] how much longer that gets per execution per second that the service makes more of."""
    steady_stuck: Floats
    """[O, N] the same, each part times how often an execution meets it."""
    room: Floats
    """[S, N] requests that the workers of its callers can have at a service."""
    call_rate: Floats
    """[C, N] attempts per execution of the caller, if nothing is stuck: reach x count x attempts."""
    sent_rate: Floats
    """[C, N] the same, with what was stuck in the last tick."""
    latency_scv: Floats
    """[O, N] squared coefficient of variation of an execution's time, of the last bucket."""
    entry_seconds: Floats
    """[N] mean time of a user's request, which a closed loop waits for."""
    work_per_request: Floats
    """[S, N] CPU milliseconds."""
    memory_per_replica: Floats
    """[S, N] bytes"""
    lost: Floats
    """[S, N] requests in flight that died with their replica since the last tick."""

    # Sums over the current bucket.
    operation_sums: Floats
    """[OperationSum, O, N]; so on below."""
    service_sums: Floats
    """[ServiceSum, S, N]"""
    channel_sums: Floats
    """[ChannelSum, H, N]"""
    request_sums: Floats
    """[RequestSum, R, N]"""

    def __init__(self, sizes: dict[str, int], backing: dict[str, NDArray[np.generic]], rates_rps: Floats) -> None:
        """Views of `backing`, one [rows, N] array per type; `sizes` says how long each axis of the legend is."""
        self._sizes, self._backing = sizes, backing
        self.rates_rps = rates_rps
        used = dict.fromkeys(_DTYPES, 0)
        for name, (kind, axes) in _LAYOUT.items():
            shape = tuple(sizes[axis] for axis in axes)
            rows = slice(used[kind], used[kind] + math.prod(shape))
            used[kind] = rows.stop
            setattr(self, name, backing[kind][rows].reshape(*shape, -1 if math.prod(shape) else backing[kind].shape[1]))

    def __reduce__(self) -> tuple[Any, ...]:
        """Copies and pickles are made of the backing arrays: views would become arrays apart from them."""
        return StandState, (self._sizes, self._backing, self.rates_rps)

    @classmethod
    def zeros(cls, sizes: dict[str, int], num_stands: int) -> "StandState":
        """N stands of which every number is 0."""
        rows = dict.fromkeys(_DTYPES, 0)
        for kind, axes in _LAYOUT.values():
            rows[kind] += math.prod(sizes[axis] for axis in axes)
        backing: dict[str, NDArray[np.generic]] = {
            kind: np.zeros((rows[kind], num_stands), dtype=dtype) for kind, dtype in _DTYPES.items()
        }
        return cls(sizes, backing, np.zeros((1, num_stands), dtype=np.float32))

    @property
    def num_stands(self) -> int:
        """N."""
        return len(self.tick)

    def take(self, stands: NDArray[np.int64]) -> "StandState":
        """A copy of some stands' columns, in the order given; a stand may be taken several times."""
        # Ellipsis indexing would put a copied axis in Fortran order; take keeps C order, and so the last bits.
        backing = {kind: np.take(rows, stands, axis=-1) for kind, rows in self._backing.items()}
        return StandState(self._sizes, backing, np.take(self.rates_rps, stands, axis=-1))

    def put(self, stands: NDArray[np.int64], source: "StandState", columns: NDArray[np.int64] | None = None) -> None:
        """Write columns [K] of another state (None: all of its columns) into the places of `stands` [K]."""
        self._widen(len(source.rates_rps))
        source._widen(len(self.rates_rps))
        chosen = np.arange(source.num_stands) if columns is None else columns
        copy_columns(source.rates_rps, chosen, self.rates_rps, stands)
        for kind, rows in self._backing.items():
            copy_columns(source._backing[kind], chosen, rows, stands)

    def clear_sums(self) -> None:
        """A new bucket begins."""
        for sums in (self.operation_sums, self.service_sums, self.channel_sums, self.request_sums):
            sums[...] = 0.0

    def _widen(self, length: int) -> None:
        missing = length - len(self.rates_rps)
        if missing > 0:
            padding = np.zeros((missing, self.num_stands), dtype=np.float32)
            self.rates_rps = np.concatenate([self.rates_rps, padding])
