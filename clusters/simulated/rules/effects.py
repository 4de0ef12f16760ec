"""What flags, releases, switched-off groups and slow services make of an operation's parameters.

Columns are recomputed whenever a command changes one of the causes, and when an effect begins or settles by itself:
`effects_due` says when.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clusters.simulated.graph import CompiledGraph
from clusters.simulated.kernels import effects as kernels
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.state import StandState
from clusters.topology import ConfigFlag, Release

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_KEPT_EFFECTS: Final = 1024
_KEPT_GRAPHS: Final = 16
_ZERO: Final = np.zeros(1, dtype=np.int64)
_ANYTHING: Final = np.full(1, -1)


class _Effects(NamedTuple):
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
    due, effects = np.inf, _kept_effects(graph, flags, groups)
    if kernels.is_changed(state.version, state.canary, state.slow_seconds, stand):
        effects = _Effects(*(columns.copy() for columns in effects))
        effects.added_seconds[...] += state.slow_seconds[graph.operation_service, stand]
        changed = np.flatnonzero(np.maximum(state.version[:, stand], state.canary[:, stand]) >= 0).tolist()
        due = min((_add_release(graph, state, effects, s, stand) for s in changed), default=np.inf)
    _put(graph, state, np.array([stand]), [effects], _ZERO, _ANYTHING)
    state.effects_due[stand] = due


def set_flags(graph: CompiledGraph, state: StandState, stands: Ints, flags: Ints, values: Floats) -> None:
    """Set a flag on each of some stands [K], to its bad variant where the value is 1: as `SetFlag` does one by one."""
    what_next = np.empty(len(stands), dtype=np.int8)
    versions = state.version, state.canary, state.slow_seconds
    kernels.set_flags(stands, flags, values, state.flag_is_bad, versions, what_next)
    for stand in stands[what_next == kernels.COMPUTED].tolist():
        apply_effects(graph, state, stand)
    is_put = what_next == kernels.PUT
    changed = stands[is_put]
    if not changed.size:
        return
    of_flags, of_groups = (
        np.ascontiguousarray(rows[:, changed].T) for rows in (state.flag_is_bad, state.group_enabled)
    )
    kinds: dict[tuple[bytes, bytes], int] = {}
    which = [
        kinds.setdefault((flags_of_stand.tobytes(), groups_of_stand.tobytes()), len(kinds))
        for flags_of_stand, groups_of_stand in zip(of_flags, of_groups, strict=True)
    ]
    _put(graph, state, changed, [_kept_effects(graph, *kind) for kind in kinds], np.array(which), flags[is_put])
    state.effects_due[changed] = np.inf


def _put(
    graph: CompiledGraph, state: StandState, stands: Ints, effects: Sequence[_Effects], which: Ints, flags: Ints
) -> None:
    """Enter effects on some stands [K].

    Args:
        graph: of the application.
        state: of all stands.
        stands: [K]
        effects: some.
        which: [K] of them on each stand.
        flags: [K] the flag that changed; -1: anything may have.
    """
    cpu_factor, success, added_seconds, calls, retries, leak_bytes = (
        np.array(columns) for columns in zip(*effects, strict=True)
    )
    kernels.put_effects(
        stands,
        which,
        flags,
        _touched(graph),
        (state.base_demand_ms, state.base_added_seconds),
        (cpu_factor, success, added_seconds),
        (state.demand_ms, state.own_error_ratio, state.added_seconds),
        (calls, retries, leak_bytes),
        (state.call_count, state.added_retries, state.leak_bytes_per_request),
    )


@lru_cache(maxsize=_KEPT_GRAPHS)
def _touched(graph: CompiledGraph) -> tuple[Bools, Bools, Bools, Bools]:
    """[G + 1, rows] which operations, calls, channels and services each flag changes anything of; the last one: all."""
    untouched, of_flags = _no_effects(graph), []
    for flag in graph.application.flags:
        effects = _no_effects(graph)
        _add_flag(graph, effects, flag)
        differs = [ours != theirs for ours, theirs in zip(effects, untouched, strict=True)]
        of_flags.append((differs[0] | differs[1] | differs[2], *differs[3:]))
    of_flags.append(tuple(np.ones(len(rows), dtype=np.bool_) for rows in untouched[2:]))
    operations, calls, retries, leaks = (np.array(rows) for rows in zip(*of_flags, strict=True))
    return operations, calls, retries, leaks


def _no_effects(graph: CompiledGraph) -> _Effects:
    """Of nothing."""
    return _Effects(
        cpu_factor=np.ones(graph.num_operations),
        success=np.ones(graph.num_operations),
        added_seconds=np.zeros(graph.num_operations),
        calls=graph.call_counts.astype(np.float64),
        retries=np.zeros(graph.num_channels),
        leak_bytes=np.zeros(graph.num_services),
    )


@lru_cache(maxsize=_KEPT_EFFECTS)
def _kept_effects(graph: CompiledGraph, flags: bytes, groups: bytes) -> _Effects:
    """What bad flags and groups that are off (a byte each) make: computed once, because flags flap in many stands."""
    effects = _no_effects(graph)
    for flag, is_bad in zip(graph.application.flags, flags, strict=True):
        if is_bad:
            _add_flag(graph, effects, flag)
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
    total = np.zeros((3, rows.stop - rows.start))
    for part, release, since in (
        (1.0 - share, int(state.version[s, stand]), float(state.version_since[s, stand])),
        (share, int(state.canary[s, stand]), float(state.canary_since[s, stand])),
    ):
        if part > 0.0:
            ends = _settling_times(releases[release], since) if release >= 0 else ()
            total += part * _release_columns(graph, s, release, tuple(now < end for end in ends))
            due = min([due, *(end for end in ends if now < end)])
    effects.cpu_factor[rows] *= total[0]
    effects.success[rows] *= total[1]
    effects.added_seconds[rows] += total[2]
    return due


def _settling_times(release: Release, since: float) -> tuple[float, ...]:
    """Ticks at which each of its effects is over; infinite: never."""
    return tuple(
        np.inf if effect.settles_after_seconds is None else since + effect.settles_after_seconds / TICK_SECONDS
        for effect in release.effects
    )


@lru_cache(maxsize=_KEPT_EFFECTS)
def _release_columns(graph: CompiledGraph, s: int, release: int, is_there: tuple[bool, ...]) -> Floats:
    """[3, operations of a service] CPU factor, success ratio and added seconds that a release makes; -1: none is out.

    Only those effects count that are there. Computed once: the same few releases are out on many stands.
    """
    first = graph.operation_slices[s].start
    columns = np.zeros((3, graph.operation_slices[s].stop - first))
    columns[:2] = 1.0
    effects = graph.application.releases[release].effects if release >= 0 else ()
    for effect, there in zip(effects, is_there, strict=True):
        if there:
            rows = _rows(graph, s, effect.operation)
            concerned = slice(rows.start - first, rows.stop - first)
            columns[0, concerned] *= effect.cpu_factor
            columns[1, concerned] *= 1.0 - effect.error_ratio
            columns[2, concerned] += effect.added_latency_milliseconds / 1e3
    return columns


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
