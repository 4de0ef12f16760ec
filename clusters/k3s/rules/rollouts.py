"""How a Deployment's rollout stands, and the way back from one that fails.

The order of the questions is that of `kubectl rollout status`
(https://github.com/kubernetes/kubectl, pkg/polymorphichelpers/rollout_status.go).
"""

from clusters.commands import CheckStatus, CommandStatus
from clusters.k3s.kinds import REPLICA_SET, Document
from clusters.k3s.marks import CHANGE_CAUSE, REVISION
from clusters.k3s.objects.names import COMPONENT_LABEL
from clusters.k3s.rules.deployments import annotations_of, change_deployment, condition
from clusters.k3s.rules.rule import PASSED, PENDING, Outcome
from clusters.k3s.rules.view import StandView

IMAGE_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError"}
)
"""Reasons for which the kubelet lets a container wait because of its image."""
_HASH_LABEL = "pod-template-hash"
_QUOTA_WORDS = "exceeded quota"


def rollout_outcome(view: StandView, name: str) -> Outcome:
    """How the rollout of a Deployment stands; one that fails is taken back first."""
    deployment = view.deployments()[name]
    if is_rolled_out(deployment):
        return PASSED
    failure = _failure(view, deployment)
    if failure is None:
        return PENDING
    revision = undo(view, deployment)
    went_back = f"; back at the template of revision {revision}" if revision else ""
    return Outcome(check=failure.check, status=failure.status, message=failure.message + went_back)


def is_rolled_out(deployment: Document) -> bool:
    """Whether every replica is of the present template and available, and no other is left."""
    status, wanted = deployment.get("status", {}), deployment["spec"]["replicas"]
    return bool(
        _is_observed(deployment)
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("availableReplicas", 0) == wanted
    )


def quota_message(deployment: Document) -> str:
    """What the API server said when it refused a Deployment's pods for the quota; empty if it did not."""
    if not _is_observed(deployment):
        return ""
    refused = condition(deployment, "ReplicaFailure")
    message = str(refused.get("message", ""))
    return message if refused.get("status") == "True" and _QUOTA_WORDS in message else ""


def image_message(view: StandView, deployment: Document) -> str:
    """Which pod of a Deployment's newest version waits for an image that cannot be had, and why; empty: none does."""
    newest = max(_replica_sets(view, deployment), key=_revision, default=None)
    if newest is None or not _is_observed(deployment):
        return ""
    uid = newest["metadata"]["uid"]
    for pod in view.pods_of(deployment["metadata"]["name"]):
        if all(owner["uid"] != uid for owner in pod["metadata"].get("ownerReferences", ())):
            continue
        for container in pod.get("status", {}).get("containerStatuses") or ():
            waiting = container.get("state", {}).get("waiting") or {}
            if waiting.get("reason") in IMAGE_REASONS:
                said = waiting.get("message") or waiting["reason"]
                return f"{pod['metadata']['name']} waits for {container['image']}: {waiting['reason']}: {said}"
    return ""


def undo(view: StandView, deployment: Document) -> str:
    """Bring back the newest earlier template that has replicas, as `kubectl rollout undo` does; its revision.

    Empty: there is none to go back to.
    """
    present = int(annotations_of(deployment).get(REVISION, 0))
    earlier = [document for document in _replica_sets(view, deployment) if _revision(document) < present]
    running = [document for document in earlier if document.get("status", {}).get("readyReplicas", 0)]
    if not earlier:
        return ""
    target = max(running or earlier, key=_revision)
    template = target["spec"]["template"]

    def back(now: Document) -> Document:
        known = annotations_of(now["spec"]["template"])
        kept = template["metadata"].get("annotations") or {}
        return {
            "metadata": {"annotations": {CHANGE_CAUSE: f"back to revision {_revision(target)}"}},
            "spec": {
                "template": {
                    "metadata": {"annotations": {**dict.fromkeys(known), **kept}},
                    "spec": {"containers": template["spec"]["containers"]},
                }
            },
        }

    change_deployment(view.api, view.namespace, deployment["metadata"]["name"], back)
    view.forget()
    return str(_revision(target))


def same_template_revision(view: StandView, deployment: Document, template: Document) -> str:
    """The earlier revision whose pods are made of this very template, so that a change to it is a way back.

    Empty: there is none.
    """
    wanted = _comparable(template)
    same = [d for d in _replica_sets(view, deployment) if _comparable(d["spec"]["template"]) == wanted]
    return str(max(map(_revision, same))) if same else ""


def _failure(view: StandView, deployment: Document) -> Outcome | None:
    name = deployment["metadata"]["name"]
    if message := quota_message(deployment):
        return Outcome(check=CheckStatus.FAILED, status=CommandStatus.QUOTA_EXCEEDED, message=message)
    if message := image_message(view, deployment):
        text = f"{message}; the old replicas serve on"
        return Outcome(check=CheckStatus.FAILED, status=CommandStatus.IMAGE_MISSING, message=text)
    progress = condition(deployment, "Progressing")
    if _is_observed(deployment) and progress.get("reason") == "ProgressDeadlineExceeded":
        said = condition(deployment, "ReplicaFailure").get("message") or progress.get("message", "")
        text = f"the rollout of {name} timed out: {said}"
        return Outcome(check=CheckStatus.FAILED, status=CommandStatus.TIMED_OUT, message=text)
    return None


def _is_observed(deployment: Document) -> bool:
    """Whether the status is about what is wanted now."""
    return bool(deployment.get("status", {}).get("observedGeneration", 0) >= deployment["metadata"]["generation"])


def _replica_sets(view: StandView, deployment: Document) -> list[Document]:
    listed = view.api.list(REPLICA_SET, view.namespace, label_selector=f"{COMPONENT_LABEL}={_service_of(deployment)}")
    uid = deployment["metadata"]["uid"]
    return [d for d in listed if any(o["uid"] == uid for o in d["metadata"].get("ownerReferences", ()))]


def _service_of(deployment: Document) -> str:
    return str(deployment["spec"]["template"]["metadata"]["labels"][COMPONENT_LABEL])


def _revision(document: Document) -> int:
    return int(annotations_of(document).get(REVISION, 0))


def _comparable(template: Document) -> Document:
    """A template without what the ReplicaSet's controller adds to it."""
    metadata = template["metadata"]
    labels = {name: value for name, value in metadata.get("labels", {}).items() if name != _HASH_LABEL}
    return {"labels": labels, "annotations": metadata.get("annotations") or {}, "spec": template["spec"]}
