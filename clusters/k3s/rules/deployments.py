"""Reading and changing Deployments and their pods as documents."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from clusters.k3s.api import KubeApi, KubeError
from clusters.k3s.kinds import DEPLOYMENT, Document
from clusters.k3s.marks import CHANGE_CAUSE

_ATTEMPTS = 8
"""A Deployment's status changes with each of its pods, and every change makes what was read before stale."""


def annotations_of(document: Document) -> dict[str, str]:
    """An object's annotations."""
    return dict(document["metadata"].get("annotations") or {})


def container_of(template: Document, service: str) -> Document:
    """The container of a pod template that plays the service."""
    containers: list[Document] = template["spec"]["containers"]
    return next(container for container in containers if container["name"] == service)


def environment_of(container: Document) -> dict[str, str]:
    """Names and plain values of a container's environment; an empty value is not stored."""
    return {entry["name"]: entry.get("value", "") for entry in container.get("env", ()) if "valueFrom" not in entry}


def set_environment(container: Document, name: str, value: str) -> None:
    """Set one variable in place; the order of the others stays, because later ones may refer to earlier ones."""
    entries: list[Document] = container.setdefault("env", [])
    for entry in entries:
        if entry["name"] == name:
            entry["value"] = value
            return
    entries.append({"name": name, "value": value})


def condition(document: Document, kind: str) -> Document:
    """One condition of an object's status; empty if it has none such."""
    conditions: list[Document] = document.get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry["type"] == kind), {})


def change_deployment(
    api: KubeApi, namespace: str, name: str, change: Callable[[Document], dict[str, Any]]
) -> Document:
    """Patch a Deployment by what `change` makes of its present state. Stale reads are repeated.

    Raises:
        KubeError: the API server refuses, or others keep changing the Deployment.
    """

    def attempt() -> Document:
        present = api.get(DEPLOYMENT, name, namespace)
        patch = change(present)
        patch.setdefault("metadata", {})["resourceVersion"] = present["metadata"]["resourceVersion"]
        return api.patch(DEPLOYMENT, name, namespace, patch)

    return Retrying(
        retry=retry_if_exception(_is_stale),
        stop=stop_after_attempt(_ATTEMPTS),
        wait=wait_random(0.0, 0.2),
        reraise=True,
    )(attempt)


def roll_out(
    api: KubeApi,
    namespace: str,
    name: str,
    change: Callable[[Document], None],
    *,
    cause: str,
    annotations: Mapping[str, str] = MappingProxyType({}),
) -> Document:
    """Bring out a Deployment's pod template as `change` makes it, in place, under a cause that its history shows.

    Only what differs changes hands, so a container that is sent whole keeps the owners of its other fields.

    Args:
        api: acting for the stand.
        namespace: the stand's.
        name: the Deployment's.
        change: works on `spec.template` in place.
        cause: for `kubectl rollout history`.
        annotations: further ones of the Deployment.

    Raises:
        KubeError: as `change_deployment`.
    """

    def patch(present: Document) -> dict[str, Any]:
        template = present["spec"]["template"]
        change(template)
        return {
            "metadata": {"annotations": {CHANGE_CAUSE: cause, **annotations}},
            "spec": {
                "template": {
                    "metadata": {"annotations": annotations_of(template)},
                    "spec": {"containers": template["spec"]["containers"]},
                }
            },
        }

    return change_deployment(api, namespace, name, patch)


def _is_stale(error: BaseException) -> bool:
    return isinstance(error, KubeError) and error.status == 409
