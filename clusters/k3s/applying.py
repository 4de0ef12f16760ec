"""All objects of a stand written at once: server-side apply under one field manager, and the rest of ours removed.

Applying the same objects twice changes nothing. An apply sets and gives up only the fields that its own manager applied
before; what others added (a variable, an annotation, a second port) stays. `is_exact` removes that too.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from clusters.k3s.api import FIELD_MANAGER, STAND_LABEL, KubeApi
from clusters.k3s.kinds import AUTOSCALER, CONFIG_MAP, DEPLOYMENT, SERVICE, Document, Kind, kind_of
from clusters.k3s.marks import REVISION
from clusters.k3s.object_changes import changes
from clusters.k3s.objects.names import RESTART_ANNOTATION

PRUNED_KINDS = (AUTOSCALER, DEPLOYMENT, SERVICE, CONFIG_MAP)
"""Of which objects with the stand's label are removed when they are not wanted. An autoscaler goes first, else it
would go on setting replicas."""
_THREADS = 8
_KEPT = frozenset({REVISION, RESTART_ANNOTATION})
"""Annotations of others that an exact object keeps: the controller's own, and one whose removal would roll pods."""
_Paths = frozenset[tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class AppliedObject:
    """One object before and after."""

    kind: Kind
    name: str
    before: Document | None
    """None: it was not there."""
    after: Document

    @property
    def changes(self) -> tuple[str, ...]:
        """What became different, as `path: old -> new`; empty for a new object too."""
        return () if self.before is None else changes(self.before, self.after)


@dataclass(frozen=True, kw_only=True)
class AppliedObjects:
    """What came of applying all objects of a stand."""

    objects: tuple[AppliedObject, ...]
    pruned: tuple[str, ...]
    """What was removed, as `Kind name`."""

    def of(self, kind: Kind) -> tuple[AppliedObject, ...]:
        """Those of one kind."""
        return tuple(applied for applied in self.objects if applied.kind is kind)


def apply_objects(
    api: KubeApi, namespace: str, documents: Sequence[Document], *, force: bool = False, is_exact: bool = False
) -> AppliedObjects:
    """Bring the objects of the stand `namespace` to `documents`, kind by kind in their order.

    Args:
        api: may write them.
        namespace: also the value of the stand's label on all of them.
        documents: everything that is wanted; they need not carry their namespace.
        force: take fields over from other managers, where they differ.
        is_exact: also remove the fields that others added.

    Raises:
        KubeError: the cluster refuses an object; among others 409 `Conflict` without `force`. What was applied stays.
    """
    existing = stand_contents(api, namespace)
    wanted = {(kind_of(document), document["metadata"]["name"]) for document in documents}
    pruned = [key for key in existing if key not in wanted]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="apply") as threads:
        list(threads.map(lambda key: api.delete(key[0], key[1], namespace), pruned))
        applied: list[AppliedObject] = []
        for _, group in groupby(documents, key=lambda document: document["kind"]):
            applied += threads.map(
                lambda document: _apply(api, namespace, document, existing, force=force, is_exact=is_exact), list(group)
            )
    return AppliedObjects(objects=tuple(applied), pruned=tuple(f"{kind.name} {name}" for kind, name in pruned))


def stand_contents(api: KubeApi, namespace: str) -> dict[tuple[Kind, str], Document]:
    """(kind, name) -> object, of everything that `apply_objects` writes or removes: four requests.

    Raises:
        KubeError: the cluster does not answer, or forbids it.
    """
    return {
        (kind, document["metadata"]["name"]): document
        for kind in PRUNED_KINDS
        for document in api.list(kind, namespace, label_selector=f"{STAND_LABEL}={namespace}")
    }


def _apply(
    api: KubeApi,
    namespace: str,
    document: Document,
    existing: dict[tuple[Kind, str], Document],
    *,
    force: bool,
    is_exact: bool,
) -> AppliedObject:
    kind, name = kind_of(document), document["metadata"]["name"]
    after = api.apply(document, namespace, force=force)
    if is_exact and _added_by_others(after):
        after = api.replace(_exactly(document, after), namespace)
    return AppliedObject(kind=kind, name=name, before=existing.get((kind, name)), after=after)


def _exactly(wanted: Document, live: Document) -> Document:
    """`wanted` as a whole object that takes the place of `live`."""
    noted = {key: value for key, value in live["metadata"].get("annotations", {}).items() if key in _KEPT}
    annotations = {**noted, **wanted["metadata"].get("annotations", {})}
    # Without a resource version: controllers note their progress all the time, which would be a conflict.
    metadata = {**wanted["metadata"], "annotations": annotations}
    document = {**wanted, "metadata": metadata}
    if wanted["kind"] == SERVICE.name:
        addresses = {key: live["spec"][key] for key in ("clusterIP", "clusterIPs") if key in live["spec"]}
        document["spec"] = {**wanted["spec"], **addresses}
    if wanted["kind"] == DEPLOYMENT.name:
        document["spec"] = {**wanted["spec"], "template": _kept_restart(wanted["spec"]["template"], live)}
    return document


def _kept_restart(template: Document, live: Document) -> Document:
    noted = live["spec"]["template"]["metadata"].get("annotations", {})
    kept = {key: value for key, value in noted.items() if key in _KEPT}
    annotations = {**template["metadata"].get("annotations", {}), **kept}
    return {**template, "metadata": {**template["metadata"], "annotations": annotations}}


def _added_by_others(document: Document) -> bool:
    """Whether an object has fields that our apply does not own and no controller notes its work in."""
    entries = document["metadata"].get("managedFields", ())
    ours: _Paths = frozenset()
    others: _Paths = frozenset()
    for entry in entries:
        paths = frozenset(_leaves(entry.get("fieldsV1", {})))
        if entry["manager"] == FIELD_MANAGER and entry["operation"] == "Apply":
            ours |= paths
        elif entry.get("subresource") != "status":
            others |= paths
    return any(path[-1] not in _KEPT_FIELDS for path in others - ours)


_KEPT_FIELDS = frozenset(f"f:{name}" for name in _KEPT)


def _leaves(fields: dict[str, Any], path: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    """Paths to the fields that a manager owns, from Kubernetes' `fieldsV1`; `.` stands for the parent itself."""
    for key, inner in fields.items():
        if inner:
            yield from _leaves(inner, (*path, key))
        elif key != ".":
            yield (*path, key)
