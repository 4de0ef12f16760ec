"""Rule of the verb that sets or removes an autoscaler."""

from clusters.command_checks.refusal import Refusal, off_with_group
from clusters.commands import CheckStatus, SetAutoscaler
from clusters.k3s.api import MANAGED_LABEL, STAND_LABEL
from clusters.k3s.kinds import AUTOSCALER, DEPLOYMENT, Document
from clusters.k3s.ownership import foreign_manager
from clusters.k3s.rules.deployments import condition
from clusters.k3s.rules.quotas import pod_cpu_request, present_resources
from clusters.k3s.rules.rule import PASSED, UNDONE, LiveRule, Outcome, foreign_refusal
from clusters.k3s.rules.view import StandView


def _refuse(view: StandView, command: SetAutoscaler) -> Refusal | None:
    present = view.autoscaler(command.service)
    if present and (manager := foreign_manager(present, "f:spec")):
        return foreign_refusal(manager, f"the autoscaler of {command.service}")
    group = "" if command.target_utilisation is None else view.group_of_disabled(command.service)
    return off_with_group(command.service, group, fix="switch the group on first") if group else None


def _is_set(view: StandView, command: SetAutoscaler) -> bool:
    present = view.autoscaler(command.service)
    if command.target_utilisation is None or present is None:
        return present is None and command.target_utilisation is None
    return _essence(present["spec"]) == _essence(_document(view, command, command.target_utilisation)["spec"])


def _set(view: StandView, command: SetAutoscaler) -> str:
    """Removing it leaves the replicas as they are."""
    if command.target_utilisation is None:
        view.api.delete(AUTOSCALER, command.service, view.namespace)
    else:
        view.api.apply(_document(view, command, command.target_utilisation), view.namespace)
    return ""


def _check(view: StandView, command: SetAutoscaler) -> Outcome:
    """It is there; whether it can act depends on the cluster, and the message says where it cannot."""
    if not _is_set(view, command):
        return UNDONE
    active = condition(view.autoscaler(command.service) or {}, "ScalingActive")
    if active.get("status") != "False":
        return PASSED
    return Outcome(check=CheckStatus.PASSED, message=f"it does not scale yet: {active.get('message', '')}")


def _document(view: StandView, command: SetAutoscaler, target_utilisation: float) -> Document:
    """The autoscaler. It counts in a pod's request, which may be less than the application's."""
    service = command.service
    known = present_resources(view, service)["cpu_request_millicores"]
    percent = max(1, round(100.0 * target_utilisation * known / pod_cpu_request(view, service)))
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": percent}}
    return {
        "apiVersion": AUTOSCALER.api_version,
        "kind": AUTOSCALER.name,
        "metadata": {
            "name": service,
            "namespace": view.namespace,
            "labels": {STAND_LABEL: view.namespace, MANAGED_LABEL: "true"},
        },
        "spec": {
            "scaleTargetRef": {"apiVersion": DEPLOYMENT.api_version, "kind": DEPLOYMENT.name, "name": service},
            "minReplicas": command.min_replicas,
            "maxReplicas": command.max_replicas,
            "metrics": [{"type": "Resource", "resource": metric}],
        },
    }


def _essence(spec: Document) -> Document:
    """What we set of a spec, without what the API server fills in."""
    return {key: spec.get(key) for key in ("scaleTargetRef", "minReplicas", "maxReplicas", "metrics")}


SET_AUTOSCALER = LiveRule[SetAutoscaler](refusal=_refuse, is_there=_is_set, carry_out=_set, postcheck=_check)
