"""Rule of the verb on requests and limits."""

import math
from typing import Final

from clusters.commands import CheckStatus, SetResources
from clusters.simulated.rules.quotas import MAX_LIMIT_FACTOR, namespace_refusal
from clusters.simulated.rules.replica_rules import check_rolled, roll_replicas
from clusters.simulated.rules.rule import Column, Refusal, Rule, over_quota, rejected, service_refusal

_FIELDS: Final = {
    "cpu_limit_millicores": "desired_limit",
    "cpu_request_millicores": "cpu_request",
    "memory_limit_bytes": "memory_limit",
    "memory_request_bytes": "memory_request",
}
"""The command's fields and the state's."""


def _wanted(command: SetResources) -> dict[str, float]:
    """The numbers that the command names."""
    values = {name: getattr(command, name) for name in _FIELDS}
    return {name: value for name, value in values.items() if value is not None}


def _refuse(column: Column, command: SetResources) -> Refusal | None:
    if refusal := service_refusal(column, command.service):
        return refusal
    wanted = _wanted(command)
    if not wanted:
        return rejected(f"the command names no request and no limit of {command.service}; name at least one")
    for name, value in wanted.items():
        if not 0 < value < math.inf:
            return rejected(f"a {name} of {value} for {command.service} is impossible; give more than 0")
    return _refuse_limits(column, command, wanted) or _refuse_quota(column, command)


def _refuse_limits(column: Column, command: SetResources, wanted: dict[str, float]) -> Refusal | None:
    """A limit has a bound, and no request exceeds its limit."""
    service = column.graph.application.service(command.service)
    s, n = column.service(command.service), column.stand
    after = {name: wanted.get(name, float(getattr(column.state, field)[s, n])) for name, field in _FIELDS.items()}
    for limit, request in (
        ("cpu_limit_millicores", "cpu_request_millicores"),
        ("memory_limit_bytes", "memory_request_bytes"),
    ):
        most = MAX_LIMIT_FACTOR * getattr(service, limit)
        if after[limit] > most:
            return over_quota(
                f"a {limit} of {after[limit]:g} for {command.service} is outside the quota; ask for at most {most:g}"
            )
        if after[request] > after[limit] * (1.0 + 1e-6):
            return rejected(
                f"{command.service} would request {after[request]:g}, more than its {limit} of {after[limit]:g}; "
                "set both"
            )
    return None


def _refuse_quota(column: Column, command: SetResources) -> Refusal | None:
    state, s, n = column.state, column.service(command.service), column.stand
    replicas = int(state.desired_replicas[s, n])
    cpu, memory = command.cpu_limit_millicores, command.memory_limit_bytes
    return namespace_refusal(
        column,
        0.0 if cpu is None else replicas * (cpu - float(state.desired_limit[s, n])),
        0.0 if memory is None else replicas * (memory - float(state.memory_limit[s, n])),
    )


def _is_set(column: Column, command: SetResources) -> bool:
    s, n = column.service(command.service), column.stand
    # The state may be in single precision.
    return all(
        math.isclose(getattr(column.state, _FIELDS[name])[s, n], value, rel_tol=1e-6)
        for name, value in _wanted(command).items()
    )


def _set(column: Column, command: SetResources) -> None:
    s = column.service(command.service)
    for name, value in _wanted(command).items():
        getattr(column.state, _FIELDS[name])[s, column.stand] = value
    roll_replicas(column, s)


def _check(column: Column, command: SetResources) -> CheckStatus:
    return check_rolled(column, column.service(command.service)) if _is_set(column, command) else CheckStatus.FAILED


SET_RESOURCES = Rule[SetResources](refusal=_refuse, is_there=_is_set, carry_out=_set, postcheck=_check)
