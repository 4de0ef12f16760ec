"""A canary: a second Deployment of a service behind the same Service, which takes its pods' share of the calls."""

import copy

from clusters.k3s.kinds import Document
from clusters.k3s.marks import CANARY_SUFFIX, SHARE, TRACK_LABEL
from clusters.k3s.objects.names import RELEASE_VARIABLE
from clusters.k3s.rules.deployments import container_of, set_environment
from clusters.topology import Release

_COPIED_SPEC = ("revisionHistoryLimit", "progressDeadlineSeconds", "strategy")


def canary_document(deployment: Document, release: Release, *, replicas: int, share: float) -> Document:
    """The canary of a service's Deployment.

    Its pods have the labels that the Service selects by, and one more, so that its own selector is not the version's.
    """
    name, namespace = deployment["metadata"]["name"], deployment["metadata"]["namespace"]
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"] = {
        "labels": {**template["metadata"]["labels"], TRACK_LABEL: "canary"},
        "annotations": dict(template["metadata"].get("annotations") or {}),
    }
    put_release(template, name, release)
    selector = {**deployment["spec"]["selector"]["matchLabels"], TRACK_LABEL: "canary"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name + CANARY_SUFFIX,
            "namespace": namespace,
            "labels": {**deployment["metadata"]["labels"], TRACK_LABEL: "canary"},
            "annotations": {SHARE: repr(share)},
        },
        "spec": {
            **{key: deployment["spec"][key] for key in _COPIED_SPEC if key in deployment["spec"]},
            "replicas": replicas,
            "selector": {"matchLabels": selector},
            "template": template,
        },
    }


def put_release(template: Document, service: str, release: Release) -> None:
    """Turn a pod template into a release's, in place.

    The synthetic image plays every release that can be had; one that cannot is an image nobody pushed.
    """
    container = container_of(template, service)
    set_environment(container, RELEASE_VARIABLE, release.name)
    if not release.image_exists:
        repository = str(container["image"]).rpartition(":")[0] or str(container["image"])
        container["image"] = f"{repository}:{release.name}"


def replicas_for(share: float, version_replicas: int, most: int) -> int:
    """Canary pods, at least one and at most `most`, whose part of all pods comes nearest to a share."""
    return min(range(1, max(most, 1) + 1), key=lambda count: abs(reached_share(count, version_replicas) - share))


def reached_share(canary_replicas: int, version_replicas: int) -> float:
    """Part of a service's pods that are the canary's."""
    return canary_replicas / (canary_replicas + version_replicas)
