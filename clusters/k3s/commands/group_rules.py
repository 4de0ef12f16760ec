"""Rule of the verb that switches an optional group of services off and on."""

import time
from typing import Final

from clusters.command_checks.refusal import Refusal
from clusters.commands import CheckStatus, SetGroup
from clusters.k3s.commands.images import demo_refusal
from clusters.k3s.kinds import Document
from clusters.k3s.marks import GROUP_OFF, OUTAGE
from clusters.k3s.objects.names import GROUPS_OFF_VARIABLE
from clusters.k3s.rules.deployments import (
    annotations_of,
    change_deployment,
    container_of,
    environment_of,
    roll_out,
    set_environment,
)
from clusters.k3s.rules.quotas import added_replicas_refusal
from clusters.k3s.rules.rollouts import is_rolled_out, rollout_outcome
from clusters.k3s.rules.rule import PASSED, PENDING, UNDONE, LiveRule, Outcome
from clusters.k3s.rules.view import StandView
from clusters.topology import ServiceKind

_CALLERS_SECONDS: Final = 20.0
"""For callers to learn that a group is off before its replicas go; a service rolls in about half of that."""
_POLL_SECONDS: Final = 0.5


def _refuse(view: StandView, command: SetGroup) -> Refusal | None:
    if refusal := demo_refusal(view, "leave calls out"):
        return refusal
    if not command.enabled or _is_switched(view, command):
        return None
    added = {name: view.service(name).replicas - view.wanted_replicas(name) for name in _services(view, command)}
    return added_replicas_refusal(view, added)


def _is_switched(view: StandView, command: SetGroup) -> bool:
    return all((view.group_of_disabled(name) == command.group) != command.enabled for name in _services(view, command))


def _switch(view: StandView, command: SetGroup) -> str:
    """Off: callers leave the calls out first, then the replicas go. On: the other way round."""
    if command.enabled:
        _set_replicas(view, command)
        _tell_callers(view, command)
        return ""
    callers = _tell_callers(view, command)
    late = _await_callers(view, callers)
    _set_replicas(view, command)
    return f"{', '.join(late)} still rolled out when the replicas went" if late else ""


def _set_replicas(view: StandView, command: SetGroup) -> None:
    """On: the application's own number of them, whatever it was before."""
    for name in _services(view, command):
        replicas = view.service(name).replicas if command.enabled else 0
        mark = None if command.enabled else command.group

        def patch(present: Document, replicas: int = replicas, mark: str | None = mark) -> Document:
            annotations: Document = {GROUP_OFF: mark}
            if OUTAGE in annotations_of(present):
                return {"metadata": {"annotations": {**annotations, OUTAGE: str(replicas)}}}
            return {"metadata": {"annotations": annotations}, "spec": {"replicas": replicas}}

        change_deployment(view.api, view.namespace, name, patch)


def _tell_callers(view: StandView, command: SetGroup) -> list[str]:
    """Bring out at every caller which groups are off; the callers that this changed."""
    changed = []
    for name in _callers(view, command):
        off = set(filter(None, _groups_off(view, name).split(",")))
        off = off - {command.group} if command.enabled else off | {command.group}
        value = ",".join(group.name for group in view.application.optional_groups if group.name in off)
        if value == _groups_off(view, name):
            continue

        def tell(template: Document, name: str = name, value: str = value) -> None:
            set_environment(container_of(template, name), GROUPS_OFF_VARIABLE, value)

        roll_out(view.api, view.namespace, name, tell, cause=f"groups off: {value or 'none'}")
        changed.append(name)
    return changed


def _await_callers(view: StandView, callers: list[str]) -> list[str]:
    """The callers that have not rolled out after some time."""
    deadline = time.monotonic() + _CALLERS_SECONDS
    while True:
        view.forget()
        callers = [name for name in callers if not is_rolled_out(view.deployment(name))]
        if not callers or time.monotonic() > deadline:
            return callers
        time.sleep(_POLL_SECONDS)


def _check(view: StandView, command: SetGroup) -> Outcome:
    if not _is_switched(view, command):
        return UNDONE
    for name in (*_callers(view, command), *_services(view, command)):
        outcome = rollout_outcome(view, name)
        if outcome.check is not CheckStatus.PASSED:
            return outcome
    ready = all(view.num_ready(name) == view.wanted_replicas(name) for name in _services(view, command))
    return PASSED if ready else PENDING


def _services(view: StandView, command: SetGroup) -> tuple[str, ...]:
    return view.application.optional_group(command.group).services


def _callers(view: StandView, command: SetGroup) -> list[str]:
    """Services outside the group that call into it. A broker keeps what it hands over, and is not restarted for it."""
    members = _services(view, command)
    callers = {edge.source for edge in view.application.edges if edge.target in members} - set(members)
    return [s.name for s in view.application.services if s.name in callers and s.kind is not ServiceKind.QUEUE]


def _groups_off(view: StandView, service: str) -> str:
    container = container_of(view.deployment(service)["spec"]["template"], service)
    return environment_of(container).get(GROUPS_OFF_VARIABLE, "")


SET_GROUP = LiveRule[SetGroup](refusal=_refuse, is_there=_is_switched, carry_out=_switch, postcheck=_check)
