"""Rules of the verbs on replicas: their number, and their restarts."""

from datetime import UTC, datetime

from clusters.command_checks.refusal import Refusal, off_with_group, owned_by_autoscaler, without_replicas
from clusters.commands import CheckStatus, CommandStatus, Restart, RestartPod, Scale
from clusters.k3s.kinds import POD, Document
from clusters.k3s.marks import OUTAGE
from clusters.k3s.objects.names import RESTART_ANNOTATION
from clusters.k3s.ownership import foreign_manager
from clusters.k3s.pod_health import is_ready
from clusters.k3s.rules.deployments import change_deployment, roll_out
from clusters.k3s.rules.quotas import replicas_refusal
from clusters.k3s.rules.rollouts import quota_message, rollout_outcome
from clusters.k3s.rules.rule import PASSED, PENDING, UNDONE, LiveRule, Outcome, foreign_refusal, never
from clusters.k3s.rules.view import StandView


def _refuse_scale(view: StandView, command: Scale) -> Refusal | None:
    service = command.service
    if view.autoscaler(service) is not None:
        return owned_by_autoscaler(service)
    if group := view.group_of_disabled(service):
        return off_with_group(service, group, fix="switch the group on instead")
    if refusal := replicas_refusal(view, service, command.replicas):
        return refusal
    return foreign_refusal(
        foreign_manager(view.deployment(service), "f:spec", "f:replicas"), f"the replicas of {service}"
    )


def _is_scaled(view: StandView, command: Scale) -> bool:
    return view.wanted_replicas(command.service) == command.replicas


def _scale(view: StandView, command: Scale) -> str:
    return set_replicas(view, command.service, command.replicas)


def set_replicas(view: StandView, service: str, replicas: int) -> str:
    """Want so many replicas of a service; under an outage they come when it is over, and the message says so."""
    is_held = view.is_held_down(service)

    def patch(present: Document) -> Document:
        if is_held:
            return {"metadata": {"annotations": {OUTAGE: str(replicas)}}}
        return {"spec": {"replicas": replicas}}

    change_deployment(view.api, view.namespace, service, patch)
    return f"a fault holds {service} at zero replicas; they come when it is lifted" if is_held else ""


def _check_scaled(view: StandView, command: Scale) -> Outcome:
    if not _is_scaled(view, command):
        return UNDONE
    deployment = view.deployment(command.service)
    if message := quota_message(deployment):
        there = int(deployment.get("status", {}).get("replicas", 0))
        set_replicas(view, command.service, there)
        text = f"{message}; back at {there} replicas"
        return Outcome(check=CheckStatus.FAILED, status=CommandStatus.QUOTA_EXCEEDED, message=text)
    return PASSED if view.num_ready(command.service) == command.replicas else PENDING


def _refuse_restart(view: StandView, command: Restart | RestartPod) -> Refusal | None:
    if view.wanted_replicas(command.service) == 0:
        return without_replicas(command.service)
    return None


def _restart(view: StandView, command: Restart) -> str:
    def mark(template: Document) -> None:
        stamp = datetime.now(UTC).isoformat(timespec="microseconds")
        template["metadata"].setdefault("annotations", {})[RESTART_ANNOTATION] = stamp

    roll_out(view.api, view.namespace, command.service, mark, cause="restart")
    return ""


def _check_restarted(view: StandView, command: Restart) -> Outcome:
    return rollout_outcome(view, command.service)


def _restart_pod(view: StandView, command: RestartPod) -> str:
    """The first ready replica goes at once, or the first at all where none is ready."""
    pods = sorted(view.pods(command.service), key=lambda pod: (not is_ready(pod), pod["metadata"]["name"]))
    if not pods:
        return f"{command.service} has no pod now; its Deployment makes one"
    name = pods[0]["metadata"]["name"]
    view.api.delete(POD, name, view.namespace, grace_seconds=0)
    return f"deleted {name}"


def _check_pod_restarted(view: StandView, command: RestartPod) -> Outcome:
    return PASSED if view.num_ready(command.service) >= view.wanted_replicas(command.service) else PENDING


SCALE = LiveRule[Scale](refusal=_refuse_scale, is_there=_is_scaled, carry_out=_scale, postcheck=_check_scaled)
RESTART = LiveRule[Restart](refusal=_refuse_restart, is_there=never, carry_out=_restart, postcheck=_check_restarted)
RESTART_POD = LiveRule[RestartPod](
    refusal=_refuse_restart, is_there=never, carry_out=_restart_pod, postcheck=_check_pod_restarted
)
