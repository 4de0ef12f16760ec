"""Rules of the verbs that bring out versions: configuration flags, and releases of a service."""

import math

from clusters.command_checks.refusal import Refusal, conflicting, rejected, without_image
from clusters.commands import CheckStatus, SetFlag, ShiftTraffic
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.rules.effects import apply_effects
from clusters.simulated.rules.replica_rules import check_rolled, roll_replicas
from clusters.simulated.rules.rule import Column, Rule, settled

NO_RELEASE = -1


def _accept_flag(column: Column, command: SetFlag) -> Refusal | None:
    return None


def _flag_position(column: Column, command: SetFlag) -> tuple[int, bool]:
    position = column.graph.flag_index[command.flag]
    return position, command.variant == column.graph.application.flags[position].bad_variant


def _has_variant(column: Column, command: SetFlag) -> bool:
    position, is_bad = _flag_position(column, command)
    return bool(column.state.flag_is_bad[position, column.stand] == is_bad)


def _set_flag(column: Column, command: SetFlag) -> None:
    position, is_bad = _flag_position(column, command)
    column.state.flag_is_bad[position, column.stand] = is_bad
    apply_effects(column.graph, column.state, column.stand)


def _release_position(column: Column, command: ShiftTraffic) -> int:
    return next(i for i, release in enumerate(column.graph.application.releases) if release.name == command.release)


def _refuse_shift(column: Column, command: ShiftTraffic) -> Refusal | None:
    if command.share == 0:
        return None
    state, s, n = column.state, column.service(command.service), column.stand
    if not state.present[:, s, n].any():
        return rejected(f"{command.service} has no replicas; scale it up before it gets a release")
    releases = column.graph.application.releases
    release, canary = _release_position(column, command), int(state.canary[s, n])
    if canary not in (NO_RELEASE, release):
        return conflicting(f"{releases[canary].name} is the canary of {command.service}; take it back first")
    if state.version[s, n] == release and command.share < 1:
        return rejected(f"{command.release} is the version of {command.service} already; take it back instead")
    return None if releases[release].image_exists else without_image(command.release)


def _is_shifted(column: Column, command: ShiftTraffic) -> bool:
    state, s, n = column.state, column.service(command.service), column.stand
    release = _release_position(column, command)
    is_version, is_canary = state.version[s, n] == release, state.canary[s, n] == release
    if command.share == 1:
        return bool(is_version)
    if command.share == 0:
        return not (is_version or is_canary)
    return bool(is_canary) and math.isclose(state.canary_share[s, n], command.share, rel_tol=1e-6)


def _shift(column: Column, command: ShiftTraffic) -> None:
    """A canary's replicas start beside the version's; a new version, or the old one again, is rolled out at once."""
    graph, state, s, n = column.graph, column.state, column.service(command.service), column.stand
    release = _release_position(column, command)
    is_canary = state.canary[s, n] == release
    ready_tick = state.tick[n] + math.ceil(graph.startup_seconds[s, 0] / TICK_SECONDS)
    if 0 < command.share < 1:
        if not is_canary:
            state.canary_since[s, n] = ready_tick
            column.note_scaling(s, 1)
        state.canary[s, n], state.canary_share[s, n] = release, command.share
    else:
        if command.share == 1:
            state.version_since[s, n] = state.canary_since[s, n] if is_canary else ready_tick
            state.version[s, n] = release
            roll_replicas(column, s)
        elif state.version[s, n] == release:
            state.version[s, n], state.version_since[s, n] = NO_RELEASE, state.tick[n]
            roll_replicas(column, s)
        if is_canary:
            state.canary[s, n], state.canary_share[s, n] = NO_RELEASE, 0.0
            column.note_scaling(s, -1)
    apply_effects(graph, state, n)


def _check_shift(column: Column, command: ShiftTraffic) -> CheckStatus:
    if not _is_shifted(column, command):
        return CheckStatus.FAILED
    state, s, n = column.state, column.service(command.service), column.stand
    if 0 < command.share < 1:
        return CheckStatus.PASSED if state.tick[n] >= state.canary_since[s, n] else CheckStatus.PENDING
    return check_rolled(column, s)


SET_FLAG = Rule[SetFlag](
    refusal=_accept_flag, is_there=_has_variant, carry_out=_set_flag, postcheck=settled(_has_variant)
)
SHIFT_TRAFFIC = Rule[ShiftTraffic](
    refusal=_refuse_shift, is_there=_is_shifted, carry_out=_shift, postcheck=_check_shift
)
