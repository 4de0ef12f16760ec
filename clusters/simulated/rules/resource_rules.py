"""Rule of the verb on requests and limits."""

import math
from typing import Final

from clusters.command_checks.quotas import limits_refusal
from clusters.command_checks.refusal import Refusal
from clusters.command_checks.values import wanted_resources
from clusters.commands import CheckStatus, SetResources
from clusters.simulated.rules.quotas import namespace_refusal
from clusters.simulated.rules.replica_rules import check_rolled, roll_replicas
from clusters.simulated.rules.rule import Column, Rule

_FIELDS: Final = {
    "cpu_limit_millicores": "desired_limit",
    "cpu_request_millicores": "cpu_request",
    "memory_limit_bytes": "memory_limit",
    "memory_request_bytes": "memory_request",
}
"""The command's fields and the state's."""


def _refuse(column: Column, command: SetResources) -> Refusal | None:
    wanted, s, n = wanted_resources(command), column.service(command.service), column.stand
    after = {name: wanted.get(name, float(getattr(column.state, field)[s, n])) for name, field in _FIELDS.items()}
    service = column.graph.application.service(command.service)
    return limits_refusal(service, after) or _refuse_quota(column, command)


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
        for name, value in wanted_resources(command).items()
    )


def _set(column: Column, command: SetResources) -> None:
    s = column.service(command.service)
    for name, value in wanted_resources(command).items():
        getattr(column.state, _FIELDS[name])[s, column.stand] = value
    roll_replicas(column, s)


def _check(column: Column, command: SetResources) -> CheckStatus:
    return check_rolled(column, column.service(command.service)) if _is_set(column, command) else CheckStatus.FAILED


SET_RESOURCES = Rule[SetResources](refusal=_refuse, is_there=_is_set, carry_out=_set, postcheck=_check)
