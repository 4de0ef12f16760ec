"""What flags, releases, switched-off groups and slow services make of an operation's parameters.

Columns are recomputed whenever a command changes one of the causes, and when an effect begins or settles by itself:
`effects_due` says when.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels.effects import is_changed, put_columns, put_operations
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.state import StandState
from clusters.topology import ConfigFlag, Release

Floats = NDArray[np.float64]

_KEPT_EFFECTS: Final = 256


@dataclass(frozen=True, kw_only=True)
class _Effects:
    """The changes of one stand so far, as plain columns."""

    cpu_factor: Floats
    """[O]"""
    success: Floats
    """[O] share of executions that do not fail by themselves."""
    added_seconds: Floats
    """[O]"""
    calls: Floats
    """[C]"""
    retries: Floats
    """[H]"""
    leak_bytes: Floats
    """[S]"""


def apply_effects(graph: CompiledGraph, state: StandState, stand: int) -> None:
    """Recompute one stand's costs, error ratios, waits, calls, retries and leaks, and when to do so again."""
    flags, groups = state.flag_is_bad[:, stand].tobytes(), state.group_enabled[:, stand].tobytes()
    due = np.inf
    if is_changed(state.version, state.canary, state.slow_seconds, stand):
        changed = np.flatnonzero(np.maximum(state.version[:, stand], state.canary[:, stand]) >= 0).tolist()
        slow_seconds = state.slow_seconds[:, stand]
        effects = _effects_of(graph, flags, slow_seconds)
        due = min((_add_release(graph, state, effects, s, stand) for s in changed), default=np.inf)
        _leave_out_groups(graph, effects, groups)
    else:
        effects = _kept_effects(graph, flags, groups)
    put_operations(
        (state.base_demand_ms, state.base_added_seconds),
        (effects.cpu_factor, effects.success, effects.added_seconds),
        (state.demand_ms, state.own_error_ratio, state.added_seconds),
        stand,
    )
    put_columns(
        (effects.calls, effects.retries, effects.leak_bytes),
        (state.call_count, state.added_retries, state.leak_bytes_per_request),
        stand,
    )
    state.effects_due[stand] = due


def _effects_of(graph: CompiledGraph, flags: bytes, slow_seconds: NDArray[np.float32]) -> _Effects:
    """What bad flags (a byte each) make of services that answer slowly, [S]."""
    effects = _Effects(
        cpu_factor=np.ones(graph.num_operations),
        success=np.ones(graph.num_operations),
        added_seconds=slow_seconds[graph.operation_service].astype(np.float64),
        calls=graph.call_counts.astype(np.float64),
        retries=np.zeros(graph.num_channels),
        leak_bytes=np.zeros(graph.num_services),
    )
    for flag, is_bad in zip(graph.application.flags, flags, strict=True):
        if is_bad:
            _add_flag(graph, effects, flag)
    return effects


@lru_cache(maxsize=_KEPT_EFFECTS)
def _kept_effects(graph: CompiledGraph, flags: bytes, groups: bytes) -> _Effects:
    """The same with groups that are off, where no service is slow: computed once, because flags flap in many stands."""
    effects = _effects_of(graph, flags, np.zeros(graph.num_services, dtype=np.float32))
    _leave_out_groups(graph, effects, groups)
    return effects


def _add_flag(graph: CompiledGraph, effects: _Effects, flag: ConfigFlag) -> None:
    for effect in flag.effects:
        s = graph.service_index[effect.service]
        rows = _rows(graph, s, effect.operation)
        effects.cpu_factor[rows] *= effect.cpu_factor
        effects.success[rows] *= 1.0 - effect.error_ratio
        effects.added_seconds[rows] += effect.added_latency_milliseconds / 1e3
        effects.leak_bytes[s] += effect.leak_bytes_per_request
        channels = graph.channel_source == s
        if effect.call_target:
            channels &= _channel_service(graph) == graph.service_index[effect.call_target]
            effects.calls[channels[graph.call_channel]] *= effect.call_factor
        effects.retries[channels] += effect.added_retries


def _add_release(graph: CompiledGraph, state: StandState, effects: _Effects, s: int, stand: int) -> float:
    """Blend the version and the canary of one service by their shares; the tick at which that changes by itself."""
    now = float(state.tick[stand])
    releases = graph.application.releases
    share = float(state.canary_share[s, stand]) if state.canary[s, stand] >= 0 else 0.0
    due = np.inf
    if share > 0.0 and now < state.canary_since[s, stand]:
        # Its replicas still start: the version serves everybody.
        share, due = 0.0, float(state.canary_since[s, stand])
    rows = graph.operation_slices[s]
    cpu, success, added = (np.zeros(graph.num_operations) for _ in range(3))
    for part, release, since in (
        (1.0 - share, int(state.version[s, stand]), float(state.version_since[s, stand])),
        (share, int(state.canary[s, stand]), float(state.canary_since[s, stand])),
    ):
        if part > 0.0:
            known = releases[release] if release >= 0 else None
            columns, settles = _release_columns(graph, s, known, since, now)
            for total, column in zip((cpu, success, added), columns, strict=True):
                total += part * column
            due = min(due, settles)
    effects.cpu_factor[rows] *= cpu[rows]
    effects.success[rows] *= success[rows]
    effects.added_seconds[rows] += added[rows]
    return due


def _release_columns(
    graph: CompiledGraph, s: int, release: Release | None, since: float, now: float
) -> tuple[tuple[Floats, Floats, Floats], float]:
    """[O] CPU factor, success ratio and added seconds of all operations under a release; when one settles."""
    num_operations = graph.num_operations
    cpu, success, added = np.ones(num_operations), np.ones(num_operations), np.zeros(num_operations)
    due = np.inf
    for effect in () if release is None else release.effects:
        settled = (
            np.inf if effect.settles_after_seconds is None else since + effect.settles_after_seconds / TICK_SECONDS
        )
        if now >= settled:
            continue
        due = min(due, settled)
        concerned = _rows(graph, s, effect.operation)
        cpu[concerned] *= effect.cpu_factor
        success[concerned] *= 1.0 - effect.error_ratio
        added[concerned] += effect.added_latency_milliseconds / 1e3
    return (cpu, success, added), due


def _leave_out_groups(graph: CompiledGraph, effects: _Effects, groups: bytes) -> None:
    for group, enabled in zip(graph.application.optional_groups, groups, strict=True):
        if not enabled:
            off = np.isin(_channel_service(graph), [graph.service_index[name] for name in group.services])
            effects.calls[off[graph.call_channel]] = 0.0


def _rows(graph: CompiledGraph, s: int, operation: str) -> slice:
    """One operation of a service, or all of them if none is named."""
    if not operation:
        return graph.operation_slices[s]
    row = graph.operation_index[f"{graph.services[s].name}.{operation}"]
    return slice(row, row + 1)


def _channel_service(graph: CompiledGraph) -> NDArray[np.int64]:
    """[H] the callee service."""
    return graph.operation_service[graph.channel_operation]
