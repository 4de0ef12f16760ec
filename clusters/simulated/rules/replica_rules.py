"""Rules of the verbs on replicas: their number, and their restarts."""

import math

import numpy as np

from clusters.command_checks.refusal import Refusal, off_with_group, owned_by_autoscaler, without_replicas
from clusters.commands import CheckStatus, Restart, RestartPod, Scale
from clusters.simulated.parameters import COLD_SECONDS
from clusters.simulated.replica_set import lose_requests, reconcile, start_at
from clusters.simulated.rules.groups import group_of_disabled
from clusters.simulated.rules.quotas import replicas_refusal
from clusters.simulated.rules.rule import Column, Rule, never
from clusters.simulated.streams.pod_events import PodEventReason


def _refuse_scale(column: Column, command: Scale) -> Refusal | None:
    s, n = column.service(command.service), column.stand
    if not math.isnan(column.state.scaler_target[s, n]):
        return owned_by_autoscaler(command.service)
    if group := group_of_disabled(column, command.service):
        return off_with_group(command.service, group, fix="switch the group on instead")
    return replicas_refusal(column, command.service, command.replicas)


def _is_scaled(column: Column, command: Scale) -> bool:
    return int(column.state.desired_replicas[column.service(command.service), column.stand]) == command.replicas


def _scale(column: Column, command: Scale) -> None:
    set_replicas(column, column.service(command.service), command.replicas)


def set_replicas(column: Column, s: int, replicas: int) -> None:
    """Bring one service of the stand to so many replicas."""
    column.state.desired_replicas[s, column.stand] = replicas
    column.note_scaling(s, replicas - int(column.state.present[:, s, column.stand].sum()))
    reconcile(column.graph, column.state, np.array([s]), np.array([column.stand]))


def _check_scaled(column: Column, command: Scale) -> CheckStatus:
    if not _is_scaled(column, command):
        return CheckStatus.FAILED
    ready = column.num_ready(column.service(command.service))
    return CheckStatus.PASSED if ready == command.replicas else CheckStatus.PENDING


def _refuse_restart(column: Column, command: Restart | RestartPod) -> Refusal | None:
    if not column.state.present[:, column.service(command.service), column.stand].any():
        return without_replicas(command.service)
    return None


def _restart(column: Column, command: Restart) -> None:
    roll_replicas(column, column.service(command.service))


def roll_replicas(column: Column, s: int) -> None:
    """Mark every replica of one service for replacement, one after the other."""
    state, n = column.state, column.stand
    state.roll[:, s, n] = state.present[:, s, n]


def check_rolled(column: Column, s: int) -> CheckStatus:
    """Whether the roll-out of one service is over, and all its replicas are ready."""
    state, n = column.state, column.stand
    done = not state.roll[:, s, n].any() and column.num_ready(s) == state.desired_replicas[s, n]
    return CheckStatus.PASSED if done else CheckStatus.PENDING


def _check_restarted(column: Column, command: Restart | RestartPod) -> CheckStatus:
    return check_rolled(column, column.service(command.service))


def _restart_pod(column: Column, command: RestartPod) -> None:
    """The first ready replica goes, or the first at all where none is ready."""
    graph, state, s, n = column.graph, column.state, column.service(command.service), column.stand
    present = state.present[:, s, n]
    ready = present & (state.timer[:, s, n] <= COLD_SECONDS)
    slot = int(np.argmax(ready if ready.any() else present))
    if ready.any():
        lose_requests(graph, state, s, n, 1.0 / int(ready.sum()))
    state.leaked_bytes[s, n] *= 1.0 - 1.0 / int(present.sum())
    start_at(graph, state, np.array([slot]), np.array([s]), np.array([n]))
    column.note(PodEventReason.KILLING, s)
    column.note(PodEventReason.STARTED, s)


SCALE = Rule[Scale](refusal=_refuse_scale, is_there=_is_scaled, carry_out=_scale, postcheck=_check_scaled)
RESTART = Rule[Restart](refusal=_refuse_restart, is_there=never, carry_out=_restart, postcheck=_check_restarted)
RESTART_POD = Rule[RestartPod](
    refusal=_refuse_restart, is_there=never, carry_out=_restart_pod, postcheck=_check_restarted
)
