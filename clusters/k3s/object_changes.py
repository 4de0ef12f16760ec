"""How two versions of an object differ in what somebody wanted of it, leaving out what controllers note on it."""

from collections.abc import Iterator
from typing import Any

from clusters.k3s.kinds import Document
from clusters.k3s.marks import CHANGE_CAUSE, REVISION
from clusters.k3s.objects.names import RESTART_ANNOTATION

_NOTED = frozenset({REVISION, RESTART_ANNOTATION, "kubectl.kubernetes.io/restartedAt", CHANGE_CAUSE})
"""Annotations that say what happened, not what is wanted: they differ between stands that are the same."""
_LONGEST_TEXT = 60


def wanted_part(document: Document) -> dict[str, Any]:
    """Spec, data, labels and annotations of an object as the API gives it."""
    metadata = document["metadata"]
    template = document.get("spec", {}).get("template")
    spec = dict(document.get("spec", {}))
    if template:
        inner = template["metadata"]
        spec["template"] = {
            "metadata": {"labels": inner.get("labels", {}), "annotations": _wanted_annotations(inner)},
            "spec": template["spec"],
        }
    return {
        "labels": metadata.get("labels", {}),
        "annotations": _wanted_annotations(metadata),
        "spec": spec,
        "data": document.get("data", {}),
    }


def changes(before: Document, after: Document) -> tuple[str, ...]:
    """What is wanted of `after` and not of `before`, as `path: old -> new`; empty: they want the same."""
    return tuple(_changes("", wanted_part(before), wanted_part(after)))


def differs_in_pods(before: Document, after: Document) -> bool:
    """Whether two versions of a Deployment want different pods, so that the later one rolls them out."""
    return bool(wanted_part(before)["spec"]["template"] != wanted_part(after)["spec"]["template"])


def _wanted_annotations(metadata: Document) -> dict[str, str]:
    return {key: value for key, value in metadata.get("annotations", {}).items() if key not in _NOTED}


def _changes(path: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _changes(f"{path}.{key}" if path else str(key), before.get(key), after.get(key))
    elif _is_named_list(before) and _is_named_list(after):
        named = ({item["name"]: item for item in items} for items in (before, after))
        yield from _changes(path, *named)
    else:
        yield f"{path}: {_short(before)} -> {_short(after)}"


def _is_named_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) and "name" in item for item in value)


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}..."
