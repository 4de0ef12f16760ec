"""Rule of the verb that switches an optional group of services off and on."""

import numpy as np

from clusters.command_checks.refusal import Refusal
from clusters.commands import CheckStatus, SetGroup
from clusters.simulated.rules.effects import apply_effects
from clusters.simulated.rules.groups import group_of_disabled
from clusters.simulated.rules.quotas import namespace_refusal
from clusters.simulated.rules.replica_rules import set_replicas
from clusters.simulated.rules.rule import Column, Rule


def _refuse(column: Column, command: SetGroup) -> Refusal | None:
    if not command.enabled or _is_switched(column, command):
        return None
    state, n = column.state, column.stand
    added = [
        (
            max(0, int(column.graph.replicas[s, 0]) - int(state.desired_replicas[s, n])),
            float(state.desired_limit[s, n]),
            float(state.memory_limit[s, n]),
        )
        for s in map(column.service, column.graph.application.optional_group(command.group).services)
    ]
    return namespace_refusal(
        column, sum(count * cpu for count, cpu, _ in added), sum(count * memory for count, _, memory in added)
    )


def _position(column: Column, command: SetGroup) -> int:
    groups = column.graph.application.optional_groups
    return next(p for p, group in enumerate(groups) if group.name == command.group)


def _is_switched(column: Column, command: SetGroup) -> bool:
    return bool(column.state.group_enabled[_position(column, command), column.stand] == command.enabled)


def _switch(column: Column, command: SetGroup) -> None:
    """Off: no replicas. On: the application's own number of them, whatever it was before."""
    graph, state, n = column.graph, column.state, column.stand
    state.group_enabled[_position(column, command), n] = command.enabled
    for name in graph.application.optional_group(command.group).services:
        s = column.service(name)
        is_on = not group_of_disabled(column, name)
        if is_on and state.desired_replicas[s, n] == 0:
            set_replicas(column, s, int(graph.replicas[s, 0]))
        elif not is_on:
            set_replicas(column, s, 0)
    apply_effects(graph, state, n)


def _check(column: Column, command: SetGroup) -> CheckStatus:
    if not _is_switched(column, command):
        return CheckStatus.FAILED
    state, n = column.state, column.stand
    services = [column.service(name) for name in column.graph.application.optional_group(command.group).services]
    ready = np.array([column.num_ready(s) for s in services])
    return CheckStatus.PASSED if (ready == state.desired_replicas[services, n]).all() else CheckStatus.PENDING


SET_GROUP = Rule[SetGroup](refusal=_refuse, is_there=_is_switched, carry_out=_switch, postcheck=_check)
