"""Why pods and deployments are not ready, in words that say what to mend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from clusters.k3s.kinds import Document

_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName")
_CONFIG_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")
_NEVER = ("ErrImageNeverPull", "InvalidImageName")
"""What waiting does not mend."""


class Cause(StrEnum):
    """Why something is not ready."""

    IMAGE_MISSING = "image missing"
    QUOTA = "refused by a quota or limit range"
    CRASH_LOOP = "crash loop"
    UNSCHEDULABLE = "unschedulable"
    CONFIGURATION = "cannot be configured"
    STARTING = "still starting"
    STALE = "its rollout has not finished"
    UNWANTED = "its pods are still there, and should not be"


@dataclass(frozen=True, kw_only=True)
class Unready:
    """One deployment that is not ready, and why."""

    deployment: str
    cause: Cause
    detail: str
    is_hopeless: bool = False
    """Waiting will not mend it."""

    def __str__(self) -> str:
        return f"{self.deployment}: {self.cause}{f' ({self.detail})' if self.detail else ''}"


def is_ready(pod: Document) -> bool:
    """Whether a pod takes requests and is not going away."""
    return not is_leaving(pod) and _condition(pod, "Ready") == "True"


def is_leaving(pod: Document) -> bool:
    """Whether a pod is being deleted, or has ended for good."""
    return "deletionTimestamp" in pod["metadata"] or pod.get("status", {}).get("phase") in ("Failed", "Succeeded")


def restarts(pod: Document) -> int:
    """How often containers of a pod were started again."""
    return sum(status.get("restartCount", 0) for status in pod.get("status", {}).get("containerStatuses", ()))


def why_unready(deployment: Document, pods: Sequence[Document]) -> Unready | None:
    """Why a deployment is not really ready, given its pods; None: it is.

    Really ready: the rollout of its present generation is over, and it has as many ready pods as it wants, no more.
    """
    name, spec, status = deployment["metadata"]["name"], deployment["spec"], deployment.get("status", {})
    refused = _condition_entry(deployment, "ReplicaFailure")
    staying = [pod for pod in pods if not is_leaving(pod)]
    # Pods of an earlier revision may be there still, and their images are nobody's trouble any more.
    images = _images(spec["template"])
    troubles = [trouble for pod in staying if _images(pod) == images for trouble in _troubles(name, pod)]
    if troubles:
        return min(troubles, key=lambda trouble: list(Cause).index(trouble.cause))
    if refused and refused["status"] == "True" and len(staying) < spec["replicas"]:
        return Unready(deployment=name, cause=Cause.QUOTA, detail=_short(refused.get("message", "")))
    num_ready = sum(is_ready(pod) for pod in staying)
    if num_ready < spec["replicas"] or len(staying) != spec["replicas"]:
        detail = f"{num_ready} of {spec['replicas']} pods are ready, {len(staying)} are there"
        return Unready(deployment=name, cause=Cause.STARTING, detail=detail)
    is_current = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    if not is_current or any(count != spec["replicas"] for count in counts):
        return Unready(deployment=name, cause=Cause.STALE, detail="")
    return None


def _images(pod: Document) -> list[str]:
    return [container["image"] for container in pod["spec"]["containers"]]


def _troubles(deployment: str, pod: Document) -> Iterator[Unready]:
    status = pod.get("status", {})
    scheduled = _condition_entry(pod, "PodScheduled")
    if scheduled and scheduled["status"] == "False":
        detail = _short(scheduled.get("message", ""))
        yield Unready(deployment=deployment, cause=Cause.UNSCHEDULABLE, detail=detail)
    for container in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        waiting = container.get("state", {}).get("waiting", {})
        reason = waiting.get("reason", "")
        if reason in _IMAGE_REASONS:
            yield Unready(
                deployment=deployment,
                cause=Cause.IMAGE_MISSING,
                detail=f"{container['image']}: {reason}",
                is_hopeless=reason in _NEVER,
            )
        elif reason in _CONFIG_REASONS:
            detail = f"{reason}: {_short(waiting.get('message', ''))}"
            yield Unready(deployment=deployment, cause=Cause.CONFIGURATION, detail=detail)
        elif reason == "CrashLoopBackOff":
            ended = container.get("lastState", {}).get("terminated", {})
            how = f"{ended.get('reason', 'ended')}, exit code {ended.get('exitCode', 'unknown')}"
            detail = f"{container['name']}: {how}, {container.get('restartCount', 0)} restarts"
            yield Unready(deployment=deployment, cause=Cause.CRASH_LOOP, detail=detail)


def _condition(document: Document, kind: str) -> str:
    entry = _condition_entry(document, kind)
    return str(entry["status"]) if entry else "Unknown"


def _condition_entry(document: Document, kind: str) -> Document | None:
    conditions = document.get("status", {}).get("conditions", ())
    return next((condition for condition in conditions if condition["type"] == kind), None)


def _short(text: str) -> str:
    return " ".join(text.split())[:200]
