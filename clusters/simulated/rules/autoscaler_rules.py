"""Rule of the verb that sets or removes an autoscaler."""

import math

from clusters.commands import SetAutoscaler
from clusters.simulated.autoscaler import SCALE_DOWN_SECONDS
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.rules.groups import group_of_disabled
from clusters.simulated.rules.rule import (
    Column,
    Refusal,
    Rule,
    conflicting,
    over_quota,
    rejected,
    service_refusal,
    settled,
)


def _refuse(column: Column, command: SetAutoscaler) -> Refusal | None:
    if refusal := service_refusal(column, command.service):
        return refusal
    if command.target_utilisation is None:
        return None
    if not 0 < command.target_utilisation < math.inf:
        return rejected(f"a target of {command.target_utilisation} is impossible; give a share above 0, such as 0.7")
    if not 1 <= command.min_replicas <= command.max_replicas:
        return rejected(
            f"bounds of {command.min_replicas} to {command.max_replicas} replicas are impossible; "
            "give at least 1, and no more at least than at most"
        )
    most = column.graph.application.service(command.service).max_replicas
    if command.max_replicas > most:
        return over_quota(f"{command.max_replicas} replicas of {command.service} are outside the quota of {most}")
    if group := group_of_disabled(column, command.service):
        return conflicting(f"{command.service} is off with its group {group!r}; switch the group on first")
    return None


def _is_set(column: Column, command: SetAutoscaler) -> bool:
    state, s, n = column.state, column.service(command.service), column.stand
    if command.target_utilisation is None:
        return math.isnan(state.scaler_target[s, n])
    present = (state.scaler_target[s, n], state.scaler_min[s, n], state.scaler_max[s, n])
    wanted = (command.target_utilisation, command.min_replicas, command.max_replicas)
    return all(math.isclose(here, there, rel_tol=1e-6) for here, there in zip(present, wanted, strict=True))


def _set(column: Column, command: SetAutoscaler) -> None:
    """Removing it leaves the replicas as they are. A new one knows of no recommendation, so it holds for a while."""
    state, s, n = column.state, column.service(command.service), column.stand
    if command.target_utilisation is None:
        state.scaler_target[s, n] = math.nan
        return
    state.scaler_target[s, n] = command.target_utilisation
    state.scaler_min[s, n] = command.min_replicas
    state.scaler_max[s, n] = command.max_replicas
    state.scaler_hold[s, n] = state.tick[n] + SCALE_DOWN_SECONDS / TICK_SECONDS


SET_AUTOSCALER = Rule[SetAutoscaler](refusal=_refuse, is_there=_is_set, carry_out=_set, postcheck=settled(_is_set))
