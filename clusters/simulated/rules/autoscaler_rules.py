"""Rule of the verb that sets or removes an autoscaler."""

import math

from clusters.command_checks.refusal import Refusal, off_with_group
from clusters.commands import SetAutoscaler
from clusters.simulated.kernels.scaling import SCALE_DOWN_SECONDS
from clusters.simulated.parameters import TICK_SECONDS
from clusters.simulated.rules.groups import group_of_disabled
from clusters.simulated.rules.rule import Column, Rule, settled


def _refuse(column: Column, command: SetAutoscaler) -> Refusal | None:
    group = "" if command.target_utilisation is None else group_of_disabled(column, command.service)
    return off_with_group(command.service, group, fix="switch the group on first") if group else None


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
