"""Who owns a field, by the record that server-side apply keeps."""

from typing import Any

from clusters.k3s.api import FIELD_MANAGER
from clusters.k3s.ownership import container_path, foreign_manager

RESOURCES = container_path("cart", "f:resources")


def _document(**managers: dict[str, Any]) -> dict[str, Any]:
    entries = [{"manager": name.replace("_", "-"), "fieldsV1": fields} for name, fields in managers.items()]
    return {"metadata": {"managedFields": entries}}


def _nested(*path: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for part in reversed(path):
        fields = {part: fields}
    return fields


def test_a_stranger_is_named_only_for_what_it_owns() -> None:
    document = _document(kubectl_edit=_nested(*RESOURCES, "f:limits", "f:cpu"))
    assert foreign_manager(document, *RESOURCES) == "kubectl-edit"
    assert foreign_manager(document, "f:spec", "f:replicas") == ""
    assert foreign_manager(document, *container_path("shop", "f:resources")) == ""


def test_we_and_the_control_plane_are_no_strangers() -> None:
    replicas = _nested("f:spec", "f:replicas")
    ours = {"metadata": {"managedFields": [{"manager": FIELD_MANAGER, "fieldsV1": replicas}]}}
    assert foreign_manager(ours, "f:spec", "f:replicas") == ""
    assert foreign_manager(_document(kube_controller_manager=replicas), "f:spec", "f:replicas") == ""
    assert foreign_manager({"metadata": {}}, "f:spec", "f:replicas") == ""
