"""Rules of the operators' verbs."""

import math

import numpy as np

from clusters.commands import CheckStatus, Restart, Scale, SetFlag, SetRateLimit, SetResources
from clusters.simulated.effects import apply_flags
from clusters.simulated.parameters import MAX_CPU_LIMIT_FACTOR
from clusters.simulated.replicas import start_replicas
from clusters.simulated.rules import Column, Rule, never, service_refusal


def _refuse_scale(column: Column, command: Scale) -> str:
    if refusal := service_refusal(column, command.service):
        return refusal
    quota = column.graph.application.service(command.service).max_replicas
    if not 0 <= command.replicas <= quota:
        return f"{command.replicas} replicas of {command.service} are outside the quota; ask for 0 to {quota}"
    return ""


def _is_scaled(column: Column, command: Scale) -> bool:
    return int(column.state.desired_replicas[column.service(command.service), column.stand]) == command.replicas


def _scale(column: Column, command: Scale) -> None:
    state, s, n = column.state, column.service(command.service), column.stand
    state.desired_replicas[s, n] = command.replicas
    present = state.present[:, s, n]
    excess = int(present.sum()) - command.replicas
    if excess < 0:
        free = np.flatnonzero(~present)[:-excess]
        slots = np.zeros(state.present.shape, dtype=np.bool_)
        slots[free, s, n] = True
        start_replicas(column.graph, state, slots)
    elif excess > 0:
        # Like Kubernetes: replicas that are not ready go first, then the youngest.
        slots_in_use = np.flatnonzero(present)
        order = sorted(slots_in_use.tolist(), key=lambda k: (state.timer[k, s, n], k), reverse=True)
        gone = order[:excess]
        for values in (state.present, state.timer, state.stress, state.roll):
            values[gone, s, n] = 0


def _check_scaled(column: Column, command: Scale) -> CheckStatus:
    if not _is_scaled(column, command):
        return CheckStatus.FAILED
    ready = column.num_ready(column.service(command.service))
    return CheckStatus.PASSED if ready == command.replicas else CheckStatus.PENDING


def _refuse_restart(column: Column, command: Restart) -> str:
    if refusal := service_refusal(column, command.service):
        return refusal
    if not column.state.present[:, column.service(command.service), column.stand].any():
        return f"{command.service} has no replicas to restart; scale it up instead"
    return ""


def _restart(column: Column, command: Restart | SetResources) -> None:
    state, s, n = column.state, column.service(command.service), column.stand
    state.roll[:, s, n] = state.present[:, s, n]


def _check_rolled(column: Column, command: Restart | SetResources) -> CheckStatus:
    state, s, n = column.state, column.service(command.service), column.stand
    if isinstance(command, SetResources) and not _has_limit(column, command):
        return CheckStatus.FAILED
    done = not state.roll[:, s, n].any() and column.num_ready(s) == state.desired_replicas[s, n]
    return CheckStatus.PASSED if done else CheckStatus.PENDING


def _refuse_limit(column: Column, command: SetResources) -> str:
    if refusal := service_refusal(column, command.service):
        return refusal
    quota = MAX_CPU_LIMIT_FACTOR * column.graph.application.service(command.service).cpu_limit_millicores
    if command.cpu_limit_millicores is None or not 0 < command.cpu_limit_millicores <= quota:
        return (
            f"a CPU limit of {command.cpu_limit_millicores} millicores for {command.service} is outside the quota; "
            f"ask for more than 0 and at most {quota:g}"
        )
    return ""


def _has_limit(column: Column, command: SetResources) -> bool:
    limit = column.state.desired_limit[column.service(command.service), column.stand]
    return bool(limit == command.cpu_limit_millicores)


def _set_limit(column: Column, command: SetResources) -> None:
    if command.cpu_limit_millicores is not None:
        column.state.desired_limit[column.service(command.service), column.stand] = command.cpu_limit_millicores
    _restart(column, command)


def _refuse_flag(column: Column, command: SetFlag) -> str:
    flags = {flag.name: flag for flag in column.graph.application.flags}
    if command.flag not in flags:
        return f"there is no flag {command.flag!r}; known flags: {', '.join(flags)}"
    variants = (flags[command.flag].good_variant, flags[command.flag].bad_variant)
    if command.variant not in variants:
        return f"flag {command.flag} has no variant {command.variant!r}; choose one of: {', '.join(variants)}"
    return ""


def _flag_position(column: Column, command: SetFlag) -> tuple[int, bool]:
    flags = column.graph.application.flags
    position = next(g for g, flag in enumerate(flags) if flag.name == command.flag)
    return position, command.variant == flags[position].bad_variant


def _has_variant(column: Column, command: SetFlag) -> bool:
    position, is_bad = _flag_position(column, command)
    return bool(column.state.flag_is_bad[position, column.stand] == is_bad)


def _set_flag(column: Column, command: SetFlag) -> None:
    position, is_bad = _flag_position(column, command)
    column.state.flag_is_bad[position, column.stand] = is_bad
    apply_flags(column.graph, column.state, column.stand)


def _check_flag(column: Column, command: SetFlag) -> CheckStatus:
    return CheckStatus.PASSED if _has_variant(column, command) else CheckStatus.FAILED


def _refuse_rate(column: Column, command: SetRateLimit) -> str:
    if command.limit_rps is not None and not 0 <= command.limit_rps < math.inf:
        return f"a rate limit of {command.limit_rps} requests/s is impossible; give 0 or more, or None to lift it"
    return ""


def _wanted_rate(command: SetRateLimit) -> float:
    return math.nan if command.limit_rps is None else command.limit_rps


def _has_rate(column: Column, command: SetRateLimit) -> bool:
    return bool(np.array_equal(column.state.rate_limit_rps[column.stand], _wanted_rate(command), equal_nan=True))


def _set_rate(column: Column, command: SetRateLimit) -> None:
    column.state.rate_limit_rps[column.stand] = _wanted_rate(command)


def _check_rate(column: Column, command: SetRateLimit) -> CheckStatus:
    return CheckStatus.PASSED if _has_rate(column, command) else CheckStatus.FAILED


SCALE = Rule[Scale](refusal=_refuse_scale, is_there=_is_scaled, carry_out=_scale, postcheck=_check_scaled)
RESTART = Rule[Restart](refusal=_refuse_restart, is_there=never, carry_out=_restart, postcheck=_check_rolled)
SET_CPU_LIMIT = Rule[SetResources](
    refusal=_refuse_limit, is_there=_has_limit, carry_out=_set_limit, postcheck=_check_rolled
)
SET_FLAG = Rule[SetFlag](refusal=_refuse_flag, is_there=_has_variant, carry_out=_set_flag, postcheck=_check_flag)
SET_RATE_LIMIT = Rule[SetRateLimit](
    refusal=_refuse_rate, is_there=_has_rate, carry_out=_set_rate, postcheck=_check_rate
)
