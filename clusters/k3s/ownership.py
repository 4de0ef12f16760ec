"""Who else set a field: server-side apply's record of managers, read before a field is changed.

https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
"""

from typing import Any

from clusters.k3s.api import FIELD_MANAGER
from clusters.k3s.kinds import Document

_CONTROLLERS = ("kube-controller-manager", "kubelet", "k3s")
"""They set replica counts on behalf of an autoscaler of ours, which is asked for by itself, and status fields. k3s is
all of the control plane in one process, and signs with its own name."""


def foreign_manager(document: Document, *path: str) -> str:
    """The manager that is not ours and owns the field at `path`, in the notation of `fieldsV1`; empty: none.

    A part of `path` such as `k:{"name":"cart"}` selects an item of a list.
    """
    for entry in document["metadata"].get("managedFields", ()):
        manager = str(entry.get("manager", ""))
        is_ours = manager.startswith(FIELD_MANAGER) or manager in _CONTROLLERS
        if not is_ours and _has(entry.get("fieldsV1", {}), path):
            return manager
    return ""


def container_path(container: str, *field: str) -> tuple[str, ...]:
    """Path to a field of a Deployment's container."""
    return ("f:spec", "f:template", "f:spec", "f:containers", f'k:{{"name":"{container}"}}', *field)


def _has(fields: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if part not in fields:
            return False
        fields = fields[part]
    return True
